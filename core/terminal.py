"""A progress bar in the terminal that takes the core's reports."""

from collections.abc import Callable
from types import TracebackType

from core.types import Step


class Bar:
    """A bar to use in a ``with`` statement, which gives its callback."""

    def __init__(self, title: str) -> None:
        from tqdm import tqdm

        self.bar = tqdm(desc=title, unit="step", dynamic_ncols=True)

    def __enter__(self) -> Callable[[Step], None]:
        return self.report

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.close()

    def report(self, step: Step) -> None:
        """Move to a step and show its figures."""
        if self.bar.n == 0 and step.index > 1:
            self.bar.initial = step.index  # a resumed run: earlier steps took no time here
        self.bar.total = step.of
        self.bar.n = step.index
        self.bar.set_postfix({name: f"{value:.4g}" for name, value in step.values.items()})
