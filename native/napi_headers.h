// The only include of Node-API in this project, with every define it needs.
//
// Rules that hold wherever this file is included:
//  1. Hot paths call napi_* directly; everything else may use the Napi:: classes.
//  2. A napi_value lives until the native call returns. Nothing keeps one.
//  3. Only the JavaScript thread of an environment calls Node-API.
//  4. No function lets a C++ exception pass into V8: all exports go through Guarded (exports.h).
#pragma once

#ifndef NAPI_VERSION
#define NAPI_VERSION 9
#endif
#ifndef NODE_ADDON_API_CPP_EXCEPTIONS
#define NODE_ADDON_API_CPP_EXCEPTIONS
#endif

#include <napi.h>
