// The kernel as operations of TensorFlow: UnifwSwish and UnifwSwishGrad.
#include "swish.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"

namespace {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;

REGISTER_OP("UnifwSwish")
    .Attr("T: {float, double}")
    .Input("x: T")
    .Output("y: T")
    .SetShapeFn(tensorflow::shape_inference::UnchangedShape);

REGISTER_OP("UnifwSwishGrad")
    .Attr("T: {float, double}")
    .Input("upstream: T")
    .Input("x: T")
    .Output("gradient: T")
    .SetShapeFn(tensorflow::shape_inference::UnchangedShape);

template <typename T>
class Swish : public OpKernel {
 public:
  explicit Swish(OpKernelConstruction* construction) : OpKernel(construction) {}

  void Compute(OpKernelContext* context) override {
    const Tensor& x = context->input(0);
    Tensor* y = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    unifw_example::swish(x.flat<T>().data(), y->flat<T>().data(), x.NumElements());
  }
};

template <typename T>
class SwishGrad : public OpKernel {
 public:
  explicit SwishGrad(OpKernelConstruction* construction) : OpKernel(construction) {}

  void Compute(OpKernelContext* context) override {
    const Tensor &upstream = context->input(0), &x = context->input(1);
    OP_REQUIRES(context, upstream.shape() == x.shape(),
                absl::InvalidArgumentError("swish_grad: upstream and x have different shapes"));
    Tensor* gradient = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &gradient));
    unifw_example::swish_grad(upstream.flat<T>().data(), x.flat<T>().data(), gradient->flat<T>().data(),
                              x.NumElements());
  }
};

#define REGISTER(T)                                                                                       \
  REGISTER_KERNEL_BUILDER(Name("UnifwSwish").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"), Swish<T>); \
  REGISTER_KERNEL_BUILDER(Name("UnifwSwishGrad").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"), SwishGrad<T>)

REGISTER(float);
REGISTER(double);

}  // namespace
