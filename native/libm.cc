// The C library's functions. V8 computes Math.pow, exp, log and the like by its own code, whose last bit differs from
// what Python's float gets; schedules and bias corrections must therefore come from here.

#include <cmath>

#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

template <double (*function)(double)>
napi_value Unary(Arguments& arguments) {
  return MakeDouble(arguments.env, function(ReadDouble(arguments.env, arguments[0], "x")));
}

napi_value Pow(Arguments& arguments) {
  const double x = ReadDouble(arguments.env, arguments[0], "x");
  const double y = ReadDouble(arguments.env, arguments[1], "y");
  return MakeDouble(arguments.env, std::pow(x, y));
}

}  // namespace

void RegisterLibm(Exports& exports) {
  exports.Add<Pow>("libmPow");
  exports.Add<Unary<std::exp>>("libmExp");
  exports.Add<Unary<std::log>>("libmLog");
  exports.Add<Unary<std::sin>>("libmSin");
  exports.Add<Unary<std::cos>>("libmCos");
  exports.Add<Unary<std::tan>>("libmTan");
  exports.Add<Unary<std::atan>>("libmAtan");
  exports.Add<Unary<std::tanh>>("libmTanh");
}

}  // namespace libtorch_node
