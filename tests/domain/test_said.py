"""Sentences that are said in every language."""

import copy

from stagesync.domain.said import Said, template, together


def french(text: str) -> str:
    return {
        "{field} is gone": "{field} a disparu",
        "plan {plan}: {why}": "le plan {plan} : {why}",
        "{count} would move": "{count} bougeraient",
        "{one}; {other}": "{one} ; {other}",
    }.get(text, text)


def test_a_sentence_is_english_text() -> None:
    """It compares, prints and joins as the text that it is."""
    said = Said(
        "{field} is gone, {count} times, of {lists}", field="a.b", count=1200, lists=["x", "y"]
    )
    assert "a.b is gone, 1,200 times, of x, y" == said == f"{said}"


def test_it_is_told_in_another_language() -> None:
    """The template is translated, its values are not, and sentences within it are as well."""
    why = together([Said("{count} would move", count=1200), Said("{field} is gone", field="{x}")])
    said = Said("plan {plan}: {why}", plan="1200", why=why)
    assert "le plan 1200 : 1_200 bougeraient ; {x} a disparu" == said.tell(
        french, number=lambda n: f"{n:_}"
    )


def test_what_has_no_translation_stays_english() -> None:
    """A template that nobody translated is said as it is."""
    assert "new words of 1,000" == Said(template("new words of {n}"), n=1000).tell(french)


def test_a_copy_is_the_same_sentence() -> None:
    """Whatever stands in it: a value may look like a template."""
    one = Said("{fact} is {value}", fact="account.name", value="{curly} Ltd")
    other = copy.deepcopy(one)
    assert ("account.name is {curly} Ltd", one.template, one.values) == (
        other,
        other.template,
        other.values,
    )
