"""The training loop."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.data import ArrayDataset, DataLoader
from unifw.errors import ArgumentError, GradientError, OperandError, OutOfRangeError, ShapeError

F = nn.functional


def toy_problem(rows: int = 96) -> ArrayDataset:
    """Two classes that a line separates."""
    x = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    return ArrayDataset(x, (x.sum(1) > 0).astype(np.int64))


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2))


def trainer_of(model: nn.Module) -> unifw.Trainer:
    optimizer = unifw.optim.AdamW(model, lr=0.02)
    return unifw.Trainer(model, optimizer, F.cross_entropy, metrics={"accuracy": unifw.train.accuracy}, progress=False)


def test_fit_learns_and_reports(backend: str) -> None:
    trainer = trainer_of(mlp())
    data = toy_problem()
    history = trainer.fit(DataLoader(data, 20, shuffle=True), epochs=15, validation=DataLoader(data, 50))
    assert [sorted(logs) for logs in history] == [["accuracy", "loss", "seconds", "val_accuracy", "val_loss"]] * 15
    assert history[-1]["val_accuracy"] > 0.95
    assert all(type(value) is float for value in history[0].values())
    assert trainer.optimizer is not None
    assert trainer.optimizer.step_count == 15 * 5


def test_the_numbers_are_means_over_rows_not_batches(backend: str) -> None:
    model = mlp().eval()
    data = toy_problem(50)
    logs = trainer_of(model).evaluate(DataLoader(data, 32))  # batches of 32 and 18
    x, y = (unifw.asarray(array) for array in data.arrays)
    outputs = model(x)
    assert logs["loss"] == pytest.approx(F.cross_entropy(outputs, y).item(), rel=1e-5)
    assert logs["accuracy"] == pytest.approx(float((outputs.numpy().argmax(1) == data.arrays[1]).mean()), rel=1e-6)


def test_one_step_is_what_a_hand_written_one_is(backend: str) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    twin = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    twin.load_state_dict(model.state_dict())
    x, y = (unifw.asarray(array) for array in toy_problem(16).arrays)
    trainer = unifw.Trainer(model, unifw.optim.SGD(model, lr=0.1, momentum=0.9), F.cross_entropy, progress=False)
    optimizer = unifw.optim.SGD(twin, lr=0.1, momentum=0.9)
    for _ in range(3):
        trainer.fit([(x, y)])
        _, gradients = unifw.value_and_grad(lambda m: F.cross_entropy(m(x), y))(twin)
        optimizer.step(gradients)
    for name, value in model.state_dict().items():
        np.testing.assert_allclose(value.numpy(), twin.state_dict()[name].numpy(), rtol=1e-6, atol=1e-7)


def test_modes_are_set_and_restored(backend: str) -> None:
    seen = []

    class Spy(nn.Module):
        def forward(self, x: unifw.Tensor) -> unifw.Tensor:
            seen.append(self.training)
            return x

    model = nn.Sequential(Spy(), nn.Linear(4, 2))
    model[0].training = False
    trainer = trainer_of(model)
    trainer.fit(DataLoader(toy_problem(8), 8))
    trainer.evaluate(DataLoader(toy_problem(8), 8))
    assert (seen[0], seen[-1]) == (True, False)
    assert (model.training, model[0].training) == (True, False)


def test_evaluate_and_predict_change_nothing(backend: str) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Flatten(), nn.Linear(8, 2))
    before = {name: value.numpy() for name, value in model.state_dict().items()}
    images = np.random.default_rng(0).normal(size=(10, 4, 4, 1)).astype(np.float32)
    trainer = unifw.Trainer(model, loss=F.cross_entropy, progress=False)
    trainer.evaluate(DataLoader(ArrayDataset(images, np.zeros(10, np.int64)), 4))
    first, second = trainer.predict(images), trainer.predict(images)
    np.testing.assert_array_equal(first.numpy(), second.numpy())
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])


def test_predict_takes_arrays_tensors_and_batches(backend: str) -> None:
    model = mlp().eval()
    data = toy_problem(30)
    trainer = unifw.Trainer(model, progress=False)
    want = model(unifw.asarray(data.arrays[0])).numpy()
    for given in (
        data.arrays[0],
        unifw.asarray(data.arrays[0]),
        DataLoader(data, 7),
        DataLoader(ArrayDataset(data.arrays[0]), 7),
    ):
        np.testing.assert_allclose(trainer.predict(given, batch_size=11).numpy(), want, rtol=1e-5, atol=1e-6)


def test_frozen_parameters_stay_and_their_statistics_move(backend: str) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    for layer in (model[0], model[1]):
        layer.freeze()
    before = {name: value.numpy() for name, value in model.state_dict().items()}
    images = np.random.default_rng(0).normal(size=(8, 4, 4, 1)).astype(np.float32)
    trainer_of(model).fit([(unifw.asarray(images), unifw.asarray(np.arange(8) % 2))])
    after = {name: value.numpy() for name, value in model.state_dict().items()}
    same = {name for name in before if np.array_equal(before[name], after[name])}
    assert same == {"0.weight", "0.bias", "1.weight", "1.bias"}


def test_unfreezing_between_fits_is_noticed(backend: str) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    model[0].freeze()
    trainer = trainer_of(model)
    trainer.fit(DataLoader(toy_problem(8), 8))
    before = model[0].weight.numpy()
    model.unfreeze()
    trainer.fit(DataLoader(toy_problem(8), 8))
    assert not np.array_equal(model[0].weight.numpy(), before)


def test_what_a_step_holds_can_be_replaced_between_fits(backend: str) -> None:
    model = nn.Linear(4, 2)
    trainer = trainer_of(model)
    data = toy_problem(8)
    batch = tuple(unifw.asarray(array) for array in data.arrays)
    trainer.fit([batch])
    model.to(unifw.float64)
    trainer.optimizer = unifw.optim.SGD(model, lr=0.5)
    trainer.loss = lambda outputs, targets: unifw.sum(outputs)
    before = model.weight.numpy()
    x = batch[0].to(unifw.float64)
    trainer.fit([(x, batch[1])])
    expected = before - 0.5 * np.tile(data.arrays[0].astype(np.float64).sum(0), (2, 1))
    np.testing.assert_allclose(model.weight.numpy(), expected, rtol=1e-12)


def test_a_changing_learning_rate_reaches_the_compiled_step(backend: str) -> None:
    model = nn.Linear(4, 2)
    rates = [0.5, 0.0, 0.25]
    optimizer = unifw.optim.SGD(model, lr=lambda step: rates[step])
    trainer = unifw.Trainer(model, optimizer, lambda outputs, targets: unifw.sum(outputs), progress=False)
    x, y = unifw.ones((1, 4)), unifw.asarray([0])
    moved = []
    for _ in rates:
        before = model.weight.numpy()
        trainer.fit([(x, y)])
        moved.append(float((before - model.weight.numpy()).mean()))
    np.testing.assert_allclose(moved, rates, atol=1e-6)


def test_python_runs_once_per_signature_where_steps_are_compiled(backend: str) -> None:
    calls = []

    class Counting(nn.Module):
        def __init__(self) -> None:
            self.dense = nn.Linear(4, 2)

        def forward(self, x: unifw.Tensor) -> unifw.Tensor:
            calls.append(tuple(x.native.shape))
            return self.dense(x)

    trainer = trainer_of(Counting())
    trainer.fit(DataLoader(toy_problem(50), 8), epochs=3)  # the last batch of each epoch is smaller
    compiled = unifw.get_backend().tracing.make_step(len) is not len  # type: ignore[union-attr]
    assert len(calls) == (1 if compiled else 3 * 7)


def test_bad_use_is_explained(backend: str) -> None:
    model = mlp()
    data = DataLoader(toy_problem(8), 8)
    with pytest.raises(ArgumentError, match=r"Write Trainer\(model, optimizer, loss\)"):
        unifw.Trainer(model).fit(data)
    with pytest.raises(ArgumentError, match=r"Write Trainer\(model, loss=\.\.\., metrics=\.\.\.\)"):
        unifw.Trainer(model).evaluate(data)
    with pytest.raises(OperandError, match="got no batches"):
        trainer_of(model).fit([])
    with pytest.raises(GradientError, match=r"every parameter is frozen.*model\.unfreeze\(\)"):
        trainer_of(model.freeze()).fit(data)
    model.unfreeze()
    other = unifw.Trainer(model, unifw.optim.SGD(mlp(), lr=0.1), F.cross_entropy)
    with pytest.raises(GradientError, match=r"^fit: got an optimiser of other parameters.*Write SGD\(model, \.\.\.\)"):
        other.fit(data)
    with pytest.raises(ShapeError, match=r"got Tensor of shape \(2, 5\).*expected a last axis of 4"):
        trainer_of(model).fit([(unifw.ones((2, 5)), unifw.asarray([0, 1]))])


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's compiler, when imported
@pytest.mark.parametrize("compile", [None, False, True])
def test_a_wrong_class_label_is_named_in_training_too(backend: str, compile: bool | None) -> None:
    model = mlp()
    before = {name: x.numpy() for name, x in model.state_dict().items()}
    trainer = unifw.Trainer(model, unifw.optim.SGD(model), F.cross_entropy, progress=False, compile=compile)
    with pytest.raises(OutOfRangeError, match=r"^cross_entropy: got the label 7 at \[1\] for 2 classes.*from 0 to 1"):
        trainer.fit([(unifw.ones((2, 4)), unifw.asarray([0, 7]))])
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name], err_msg=name)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")
@pytest.mark.parametrize("compile", [None, False, True])
def test_a_wrong_index_is_named_with_its_layer(backend: str, compile: bool | None) -> None:
    model = unifw.nn.Sequential({"words": unifw.nn.Embedding(5, 3), "head": unifw.nn.Linear(3, 2)})
    trainer = unifw.Trainer(model, unifw.optim.SGD(model), F.cross_entropy, progress=False, compile=compile)
    with pytest.raises(OutOfRangeError, match=r"^embedding: got the index 9 at \[0\] for a table of 5") as caught:
        trainer.fit([(unifw.asarray([9, 0]), unifw.asarray([0, 1]))])
    assert "In words (Embedding), called with" in "".join(caught.value.__notes__)


def test_a_loss_that_needs_the_size_of_the_batch_gets_it(backend: str) -> None:
    """Where no program of an open batch can be made, each size gets one."""

    def loss(outputs: unifw.Tensor, targets: unifw.Tensor) -> unifw.Tensor:
        rows = unifw.unstack(outputs)  # which an open axis refuses
        total: unifw.Tensor = sum(unifw.mean(row * row) for row in rows) / len(rows)  # type: ignore[assignment]
        return total

    model = mlp()
    trainer = unifw.Trainer(model, unifw.optim.SGD(model), loss, progress=False)
    data = [(unifw.ones((size, 4)), unifw.zeros(size)) for size in (2, 3, 2)]
    assert np.isfinite(trainer.fit(data)[0]["loss"])


def test_a_failed_step_leaves_the_mode_and_the_backend(backend: str) -> None:
    model = mlp().eval()
    active = unifw.get_backend()
    with pytest.raises(ShapeError):
        trainer_of(model).fit([(unifw.ones((2, 5)), unifw.asarray([0, 1]))])
    assert not any(module.training for _, module in model.named_modules())
    assert unifw.get_backend() is active


def test_lines_are_printed_where_there_is_no_terminal(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    model = mlp()
    unifw.Trainer(model, unifw.optim.SGD(model), F.cross_entropy).fit(DataLoader(toy_problem(8), 4), epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3:2] for line in lines] == [["epoch", "loss"], ["epoch", "loss"]]


def test_training_does_not_keep_graphs_alive(backend: str) -> None:
    trainer = trainer_of(mlp())
    data = DataLoader(toy_problem(64), 8)
    trainer.fit(data)
    gc.collect()
    before = len(gc.get_objects())
    trainer.fit(data, epochs=5)
    gc.collect()
    assert len(gc.get_objects()) - before < 200


def test_parts_of_the_wrong_kind_are_refused_when_the_trainer_is_made(backend: str) -> None:
    model = mlp()
    sgd = unifw.optim.SGD(model, lr=0.1)
    for args, words in (
        ((nn.Linear, sgd), "got the class Linear as model; expected a Module"),
        ((model, unifw.optim.Adam), r"got the class Adam as optimizer; expected.*Write optim\.Adam\(model, lr="),
        ((model, "adam"), r"got str 'adam' as optimizer; expected.*Write optim\.SGD\(model, lr="),
        ((model, sgd, "cross_entropy"), r"got str 'cross_entropy' as loss; expected.*Write nn\.functional\.cross_ent"),
        ((model, sgd, nn.CrossEntropyLoss), r"got the class CrossEntropyLoss as loss.*nn\.CrossEntropyLoss\(\)"),
        ((model, sgd, F.cross_entropy, ["accuracy"]), r"got list \['accuracy'\] as metrics; expected a dict.*Write"),
        ((model, sgd, F.cross_entropy, {"accuracy": "accuracy"}), r"got dict .* as metrics; expected a dict"),
    ):
        with pytest.raises(OperandError, match=f"^Trainer: {words}"):
            unifw.Trainer(*args)  # type: ignore[arg-type]
    with pytest.raises(OperandError, match=r"^Trainer: got the class SGD as optimizer"):
        trainer_of(model).optimizer = unifw.optim.SGD  # type: ignore[assignment]


def test_data_that_is_no_batches_is_refused_before_a_step(backend: str) -> None:
    trainer = trainer_of(mlp())
    x, y = np.zeros((4, 4), np.float32), np.zeros(4, np.int64)
    for data, words in (
        ((x, y), "got a tuple of 2 arrays"),
        ([unifw.asarray(x), y], "got a list of 2 arrays"),
        (x, "got ndarray of shape"),
        ({"x": "y"}, "got dict"),
        (3, "got int 3"),
        (toy_problem(8), "got ArrayDataset"),
    ):
        for call in (trainer.fit, trainer.evaluate):
            with pytest.raises(OperandError, match=f"{words}.*expected batches.*Write DataLoader\\(ArrayDataset"):
                call(data)  # type: ignore[operator]
    with pytest.raises(OperandError, match=r"^fit: got a tuple of 2 arrays"):
        trainer.fit([(x, y)], validation=(x, y))
    for epochs in ("1", -1, 1.5, y):
        with pytest.raises(ArgumentError, match=r"^fit: got epochs .*expected an integer of at least 0"):
            trainer.fit([(x, y)], epochs)  # type: ignore[arg-type]
    assert trainer.optimizer is not None
    assert trainer.optimizer.step_count == 0


def test_a_replaced_layer_is_not_trained_by_its_old_parameters(backend: str) -> None:
    model = mlp()
    trainer = trainer_of(model)
    model[3] = nn.Linear(16, 2)
    with pytest.raises(GradientError, match=r"other parameters than the model's 3\.weight, 3\.bias"):
        trainer.fit(DataLoader(toy_problem(8), 8))


def test_a_call_as_of_another_library_says_how_to_call(backend: str) -> None:
    trainer = unifw.Trainer(unifw.nn.Linear(2, 2))
    x, y = np.zeros((4, 2), np.float32), np.zeros(4, np.int64)
    calls: list[Any] = [
        lambda: trainer.fit(x, y, epochs=1),
        lambda: trainer.fit([(x, y)], batch_size=2),
        lambda: trainer.evaluate(x, y),
    ]
    for call in calls:
        with pytest.raises(OperandError, match=r"Write (fit|evaluate)\(DataLoader\(ArrayDataset"):
            call()
