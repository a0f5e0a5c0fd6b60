# The addon by node-gyp, where CMake is missing: `node scripts/build.mjs --route gyp`. CMakeLists.txt is the first route
# over the same native/sources.txt, and says why each flag is there. Tested on Linux.
{
  'variables': {
    'libtorch_dir': '<!(node scripts/locate.mjs --print path)',
    'libtorch_release': '<!(node scripts/locate.mjs --print release)',
    'libtorch_abi': '<!(node scripts/locate.mjs --print cxx11Abi)',
    'libtorch_openmp': '<!(node scripts/locate.mjs --print openmp)',
    'warnings_are': '<!(node -p "require(\'fs\').existsSync(\'.git\') ? \'-Werror\' : \'-Wno-error\'")',
    'node_addon_api_dir': '<!(node -p "path.dirname(require.resolve(\'node-addon-api\'))")',
  },
  'targets': [
    {
      'target_name': 'libtorch_node',
      # gyp takes the leading "lib" off a target's name.
      'product_name': 'libtorch_node',
      'sources': ['<!@(node scripts/lib/sources.mjs)'],
      'include_dirs': ['native'],
      'defines': [
        'NDEBUG',
        'NAPI_VERSION=9',
        'NODE_ADDON_API_CPP_EXCEPTIONS',
        'LIBTORCH_NODE_TORCH_VERSION="<(libtorch_release)"',
      ],
      # Node's common.gypi switches both off and asks for another standard; libtorch needs them.
      'cflags!': ['-O3', '-fno-exceptions'],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': [
        '-isystem<(node_addon_api_dir)',
        '-isystem<(libtorch_dir)/include',
        '-isystem<(libtorch_dir)/include/torch/csrc/api/include',
        '-std=c++20',
        '-O2',
        '-fexceptions',
        '-frtti',
        '-fvisibility=hidden',
        '-fvisibility-inlines-hidden',
        '-ffp-contract=off',
        '-Wall',
        '-Wextra',
        '<(warnings_are)',
      ],
      'conditions': [
        ['libtorch_abi != ""', {'defines': ['_GLIBCXX_USE_CXX11_ABI=<(libtorch_abi)']}],
        [
          'OS == "linux"',
          {
            'cflags_cc': ['-fopenmp'],
            'libraries': [
              '<(libtorch_dir)/lib/libtorch_cpu.so',
              '<(libtorch_dir)/lib/libc10.so',
              '<(libtorch_openmp)',
              '-Wl,-rpath,<(libtorch_dir)/lib',
            ],
          },
        ],
        [
          'OS == "mac"',
          {
            'xcode_settings': {
              'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
              'CLANG_CXX_LIBRARY': 'libc++',
              'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
              'GCC_ENABLE_CPP_RTTI': 'YES',
              'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
              'MACOSX_DEPLOYMENT_TARGET': '11.0',
              'OTHER_CPLUSPLUSFLAGS': [
                '-isystem<(node_addon_api_dir)',
                '-isystem<(libtorch_dir)/include',
                '-isystem<(libtorch_dir)/include/torch/csrc/api/include',
                '-ffp-contract=off',
              ],
            },
            'libraries': [
              '<(libtorch_dir)/lib/libtorch_cpu.dylib',
              '<(libtorch_dir)/lib/libc10.dylib',
              '-Wl,-rpath,<(libtorch_dir)/lib',
            ],
          },
        ],
        [
          'OS == "win"',
          {
            'include_dirs': [
              '<(node_addon_api_dir)',
              '<(libtorch_dir)/include',
              '<(libtorch_dir)/include/torch/csrc/api/include',
            ],
            'msvs_settings': {
              'VCCLCompilerTool': {
                'ExceptionHandling': 1,
                'RuntimeTypeInfo': 'true',
                'AdditionalOptions': ['/std:c++20', '/fp:precise', '/permissive-', '/bigobj'],
              },
            },
            'libraries': ['<(libtorch_dir)/lib/torch_cpu.lib', '<(libtorch_dir)/lib/c10.lib'],
          },
        ],
      ],
    },
  ],
}
