from app.results import Results


def test_the_oldest_leave_first_and_a_look_keeps() -> None:
    table = Results(most=2)
    table.keep("a", 1)
    table.keep("b", 2)
    assert table.find("a") == 1
    table.keep("c", 3)
    assert table.find("b") is None
    assert (table.find("a"), table.find("c")) == (1, 3)


def test_nothing_is_found_after_a_clear() -> None:
    table = Results()
    table.keep("a", 1)
    table.clear()
    assert table.find("a") is None
