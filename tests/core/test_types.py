"""Progress of parts becomes progress of the whole."""

from core.types import Step, part_of


def test_a_part_keeps_its_words_and_figures_but_not_its_own_end() -> None:
    told: list[Step] = []
    part = part_of(told.append, 1, 3)
    assert part is not None
    part(Step(2, 10, {"loss": 0.5}, stage="drawing", remaining=4.0))
    assert told == [Step(12, 30, {"loss": 0.5}, stage="drawing")]


def test_one_part_is_the_whole_and_nobody_needs_to_listen() -> None:
    def listen(step: Step) -> None:
        pass

    assert part_of(listen, 0, 1) is listen
    assert part_of(None, 1, 3) is None
