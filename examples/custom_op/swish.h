// One kernel for both frameworks: swish(x) = x * sigmoid(x), and its gradient, each in one pass over memory.
#pragma once

#include <cmath>
#include <cstdint>

namespace unifw_example {

template <typename T>
void swish(const T* x, T* y, int64_t size) {
  for (int64_t i = 0; i < size; ++i) y[i] = x[i] / (T(1) + std::exp(-x[i]));
}

template <typename T>
void swish_grad(const T* upstream, const T* x, T* gradient, int64_t size) {
  for (int64_t i = 0; i < size; ++i) {
    const T s = T(1) / (T(1) + std::exp(-x[i]));
    gradient[i] = upstream[i] * s * (T(1) + x[i] * (T(1) - s));
  }
}

}  // namespace unifw_example
