import pytest

from app.state import LinkReader


def test_reads_what_makes_sense_and_says_nothing() -> None:
    reader = LinkReader({"attack": "pgd", "epsilon": "0.12344", "steps": "7", "on": "1"})
    assert reader.word("attack", ("pgd", "fgsm"), "fgsm") == "pgd"
    assert reader.number("epsilon", 0, 1, 0.3) == 0.12344, "as it is written"
    assert reader.whole("steps", 1, 50, 3) == 7
    assert reader.flag("on", False)
    assert reader.finish() == ()


def test_a_budget_may_be_written_as_a_fraction() -> None:
    assert LinkReader({"epsilon": "8/255"}).number("epsilon", 0, 1, 0.3) == 8 / 255
    reader = LinkReader({"epsilon": "8/0"})
    assert reader.number("epsilon", 0, 1, 0.3) == 0.3
    assert "is no number; 0.3 is used" in reader.finish()[0]


def test_what_is_missing_is_the_default() -> None:
    reader = LinkReader({})
    assert reader.number("epsilon", 0, 1, 0.3) == 0.3
    assert reader.word("attack", ("pgd",), "pgd") == "pgd"
    assert reader.finish() == ()


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("999", 1.0, "is above 1; 1 is used"),
        ("-5", 0.0, "is below 0; 0 is used"),
        ("abc", 0.3, "is no number; 0.3 is used"),
        ("nan", 0.3, "is no number"),
        ("inf", 0.3, "is no number"),
        ("", 0.3, "is no number"),
    ],
)
def test_an_odd_number_is_replaced_and_said(text: str, value: float, said: str) -> None:
    reader = LinkReader({"epsilon": text})
    assert reader.number("epsilon", 0, 1, 0.3) == value
    (sentence,) = reader.finish()
    assert said in sentence
    assert sentence.startswith(f"`epsilon={text}`")


def test_other_odd_values_are_said_too() -> None:
    reader = LinkReader({"steps": "2.5", "attack": "magic", "on": "perhaps", "stand": "<b>"})
    assert reader.whole("steps", 1, 9, 4) == 4
    assert reader.word("attack", ("pgd",), "pgd") == "pgd"
    assert not reader.flag("on", False)
    assert reader.name("stand", "worst") == "worst"
    assert len(reader.finish()) == 4


def test_an_unknown_setting_is_said() -> None:
    assert LinkReader({"foo": "1"}).finish() == ("`foo` is no setting here.",)


def test_a_strange_value_cannot_break_out_of_its_sentence() -> None:
    reader = LinkReader({"attack": "`<script>`\n" + 100 * "x"})
    reader.word("attack", ("pgd",), "pgd")
    (sentence,) = reader.finish()
    assert sentence.count("`") == 2
    assert "\n" not in sentence
    assert len(sentence) < 120
