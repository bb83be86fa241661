// The kernel as operations of PyTorch: torch.ops.unifw_example.swish and swish_grad.
#include <ATen/Dispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include "swish.h"

namespace {

at::Tensor swish(const at::Tensor& x) {
  const at::Tensor input = x.contiguous();
  at::Tensor y = at::empty_like(input);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "swish", [&] {
    unifw_example::swish(input.const_data_ptr<scalar_t>(), y.mutable_data_ptr<scalar_t>(), input.numel());
  });
  return y;
}

at::Tensor swish_grad(const at::Tensor& upstream, const at::Tensor& x) {
  const at::Tensor above = upstream.contiguous(), input = x.contiguous();
  at::Tensor gradient = at::empty_like(input);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "swish_grad", [&] {
    unifw_example::swish_grad(above.const_data_ptr<scalar_t>(), input.const_data_ptr<scalar_t>(),
                              gradient.mutable_data_ptr<scalar_t>(), input.numel());
  });
  return gradient;
}

// What tracing runs instead: shapes and dtypes only.
at::Tensor swish_meta(const at::Tensor& x) { return at::empty_like(x.contiguous()); }
at::Tensor swish_grad_meta(const at::Tensor&, const at::Tensor& x) { return at::empty_like(x.contiguous()); }

}  // namespace

TORCH_LIBRARY(unifw_example, library) {
  library.def("swish(Tensor x) -> Tensor");
  library.def("swish_grad(Tensor upstream, Tensor x) -> Tensor");
}

TORCH_LIBRARY_IMPL(unifw_example, CPU, library) {
  library.impl("swish", &swish);
  library.impl("swish_grad", &swish_grad);
}

TORCH_LIBRARY_IMPL(unifw_example, Meta, library) {
  library.impl("swish", &swish_meta);
  library.impl("swish_grad", &swish_grad_meta);
}
