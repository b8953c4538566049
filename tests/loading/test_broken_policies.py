"""What a policy file can have wrong, each with its line and the message that says so."""

from pathlib import Path

import pytest

from stagesync.errors import DefinitionError
from stagesync.loading.policy import load_policy

SOUND = """\
policy: small
version: 2
lists: {rich: [FR, NO]}
activities: [visit, form]
facts: {person.budget: number}
scores:
  fit:
    - {rule: country, points: 10, when: {person.country: {in: $rich}}}
  heat:
    - {rule: form, points: 5, activity: form, within: 10d, half_life: 5d, cap: 9}
axes:
  fit:
    unknown:
    inside: {score.fit: {at_least: 10}}
  heat:
    cold:
    warm: {score.heat: {at_least: 5, keep_at: 3}}
accounts:
  counted_people: {person.excluded: no}
  axes:
    fit: {follows: own, levels: {inside: {account.country: {in: $rich}}}}
"""

CONDITION = "{score.fit: {at_least: 10}}"
RULE = "{rule: country, points: 10, when: {person.country: {in: $rich}}}"
SCORED = "activity: form, within: 10d, half_life: 5d, cap: 9"

# (what is replaced, by what, the problem without the file)
CASES = [
    ("version: 2\n", "", "1: `version` is missing"),
    ("version: 2", "version: two", "2: version: must be a whole number from 1 up, not `two`"),
    ("version: 2", "version: 0", "2: version: must be a whole number from 1 up, not `0`"),
    ("version: 2", "version: 1.5", "2: version: must be a whole number from 1 up, not `1.5`"),
    ("policy: small", "policy:", "1: policy: must be a text"),
    (
        "lists:",
        "list:",
        (
            "3: list: unknown key `list`, did you mean `lists`? known: policy, version, lists, activities, "
            "facts, same_event, contactless_deals, scores, axes, questions, labels, accounts"
        ),
    ),
    (
        "version: 2",
        "version: 2\nversion: 3",
        "3: version: `version` stands here twice, first in line 2",
    ),
    (
        "    inside: {score",
        "    unknown:\n    inside: {score",
        "14: axes.fit.unknown: `unknown` stands here twice, first in line 13",
    ),
    (
        "$rich}}}\n  heat",
        "$poor}}}\n  heat",
        "8: scores.fit[0].when.person.country.in: unknown list `$poor`; known: $rich",
    ),
    (
        "[FR, NO]",
        "[FR, $rich]",
        "3: scores.fit[0].when.person.country.in.$rich[1]: list `$rich` contains itself",
    ),
    (
        "person.budget: number",
        "person.budget: money",
        "5: facts.person.budget: unknown kind `money`; known: text, number, flag, instant",
    ),
    (
        "person.budget: number",
        "budget: number",
        "5: facts.budget: `budget` must begin with `person.` or `account.`",
    ),
    (
        "person.budget: number",
        "person.country: text",
        "5: facts.person.country: every policy knows `person.country` (kind text); leave the line out",
    ),
    # scores
    (
        RULE,
        "{rule: country, points: ten, when: anything}",
        "8: scores.fit[0].points: must be a number, not `ten`",
    ),
    (
        RULE,
        "{rule: country, points: .inf, when: anything}",
        "8: scores.fit[0].points: must be a number, not `.inf`",
    ),
    (RULE, "{points: 10, when: anything}", "8: scores.fit[0]: `rule` is missing"),
    (
        RULE,
        "{rule: country, points: 10}",
        "8: scores.fit[0]: a rule needs `when` (what somebody is) or `activity` (what somebody did)",
    ),
    (
        RULE,
        "{rule: country, points: 10, when: anything, half_life: 5d}",
        "8: scores.fit[0].half_life: `half_life` stands only beside `activity`",
    ),
    (
        RULE,
        "{rule: country, points: 10, when: {deals: won}}",
        "8: scores.fit[0].when.deals: deals cannot be looked at in a score rule, only facts",
    ),
    (
        SCORED,
        "activity: form, when: anything",
        "10: scores.heat[0]: a rule has `when` (what somebody is) or `activity` (what somebody did), not both",
    ),
    (
        SCORED,
        "activity: froms",
        "10: scores.heat[0].activity: unknown activity type `froms`, did you mean `form`? known: form, visit",
    ),
    (
        SCORED,
        "activity: []",
        "10: scores.heat[0].activity: must name at least one activity type; known: form, visit",
    ),
    (
        SCORED,
        "activity: form, within: 10",
        "10: scores.heat[0].within: must be a duration such as 15m, 24h or 180d, not `10`",
    ),
    (
        SCORED,
        "activity: form, half_life: 0d",
        "10: scores.heat[0].half_life: must be a duration such as 15m, 24h or 180d, not `0d`",
    ),
    (
        SCORED,
        "activity: form, cap: -25",
        "10: scores.heat[0].cap: a cap below zero is a floor; write `floor: -25`",
    ),
    (
        SCORED,
        "activity: form, floor: 3",
        "10: scores.heat[0].floor: a floor above zero is given without any activity; write `cap: 3`",
    ),
    (
        f"    - {RULE}",
        f"    - {RULE}\n    - {RULE}",
        "9: scores.fit[1]: rule `country` stands in this score twice",
    ),
    (f"\n    - {RULE}", " []", "7: scores.fit: a score needs at least one rule"),
    # axes and conditions
    (
        "    unknown:\n",
        "    unknown: anything\n",
        "13: axes.fit.unknown: the lowest level holds for everybody else; it takes no condition",
    ),
    (
        f"    inside: {CONDITION}",
        "    inside:",
        "14: axes.fit.inside: a condition is missing; write `anything` or `key: value` pairs",
    ),
    (
        f"    inside: {CONDITION}\n",
        "",
        "12: axes.fit: an axis needs at least two levels, lowest first",
    ),
    (
        CONDITION,
        "always",
        "14: axes.fit.inside: unknown condition `always`; write `anything` or `key: value` pairs",
    ),
    (
        CONDITION,
        "{heet: warm}",
        "14: axes.fit.inside.heet: unknown condition `heet`, did you mean `heat`? known: fit, heat, person.…, account.…, score.fit, score.heat, activity, deals, any, all, unless",
    ),
    (
        CONDITION,
        "{heat: hot}",
        "14: axes.fit.inside.heat: unknown level of heat `hot`; known: cold, warm",
    ),
    (
        CONDITION,
        "{score.fat: {at_least: 1}}",
        "14: axes.fit.inside.score.fat: unknown score `fat`, did you mean `fit`? known: fit, heat",
    ),
    (
        CONDITION,
        "{score.fit: {at_least: 10, keep_at: 12}}",
        "14: axes.fit.inside.score.fit.keep_at: must not be above `at_least`",
    ),
    (CONDITION, "{score.fit: 10}", "14: axes.fit.inside.score.fit: must be `key: value` pairs"),
    (
        CONDITION,
        "{score.heat: {cannot_reach: 3}}",
        "14: axes.fit.inside.score.heat: `cannot_reach` needs a score of facts only; heat counts activities",
    ),
    (
        CONDITION,
        "{person.excluded: maybe}",
        "14: axes.fit.inside.person.excluded: must be yes or no, not `maybe`",
    ),
    (
        CONDITION,
        "{person.country: yes}",
        "14: axes.fit.inside.person.country: person.country is of kind text: write {in: [..]} or `filled`",
    ),
    (
        CONDITION,
        "{person.budget: {from: 9, to: 3}}",
        "14: axes.fit.inside.person.budget: `from` must not be above `to`",
    ),
    (
        CONDITION,
        "{person.budget: {in: [a]}}",
        "14: axes.fit.inside.person.budget.in[0]: must be a number, not `a`",
    ),
    (
        CONDITION,
        "{person.country: {in: []}}",
        "14: axes.fit.inside.person.country.in: must list at least one value",
    ),
    (
        CONDITION,
        "{person.country | person.excluded: filled}",
        "14: axes.fit.inside.person.country | person.excluded: facts that stand in for each other must be of one kind",
    ),
    (
        CONDITION,
        "{activity: form, after: person.country}",
        "14: axes.fit.inside.after: `person.country` is of kind text; needed: instant",
    ),
    (
        CONDITION,
        "{activity: form, at_least: 2}",
        "14: axes.fit.inside.at_least: `at_least` stands only beside `deals`",
    ),
    (
        CONDITION,
        "{within: 5d, deals: won}",
        "14: axes.fit.inside.within: `within` stands only beside `activity`",
    ),
    (
        CONDITION,
        "{deals: closed}",
        "14: axes.fit.inside.deals: unknown deal status `closed`; known: open, won, lost",
    ),
    (
        CONDITION,
        "{deals: won, at_least: 0}",
        "14: axes.fit.inside.at_least: must be a whole number from 1 up, not `0`",
    ),
    (CONDITION, "{any: []}", "14: axes.fit.inside.any: must list at least one condition"),
    (
        CONDITION,
        "{unless: }",
        "14: axes.fit.inside.unless: a condition is missing; write `anything` or `key: value` pairs",
    ),
    (
        CONDITION,
        "{stage.standard: lead}",
        "14: axes.fit.inside.stage.standard: stages cannot be looked at in a level, only facts, scores, axes, activities, deals",
    ),
    (
        CONDITION,
        "{heat: warm}\n    x: {fit: inside}",
        "12: axes.fit: axes wait for each other: fit -> fit",
    ),
    (
        "    warm: {score.heat: {at_least: 5, keep_at: 3}}",
        "    warm: {fit: inside}\n  z:\n    a:\n    b: {z: b}",
        "18: axes.z: axes wait for each other: z -> z",
    ),
    (
        "  heat:\n    cold",
        "  any:\n    cold",
        "15: axes.any: `any` cannot name an axis; use small letters, digits and _, no word of a condition",
    ),
    (
        CONDITION,
        "[anything]",
        "14: axes.fit.inside: a condition is missing; write `anything` or `key: value` pairs",
    ),
    (
        CONDITION,
        "{}",
        "14: axes.fit.inside: a condition is missing; write `anything` or `key: value` pairs",
    ),
    (CONDITION, "{any: {heat: warm}}", "14: axes.fit.inside.any: must be a list"),
    (
        CONDITION,
        "{heat: }",
        "14: axes.fit.inside.heat: must name at least one level of heat; known: cold, warm",
    ),
    (
        CONDITION,
        "{heat: [[]]}",
        "14: axes.fit.inside.heat: must name at least one level of heat; known: cold, warm",
    ),
    (CONDITION, "{heat: {a: b}}", "14: axes.fit.inside.heat: must be a text"),
    (
        CONDITION,
        "{score.fit: {keep_at: 3}}",
        "14: axes.fit.inside.score.fit: write {at_least: N}, {at_least: N, keep_at: M} or {cannot_reach: N}",
    ),
    (
        CONDITION,
        "{person.contry: filled}",
        "14: axes.fit.inside.person.contry: unknown fact `person.contry`, did you mean `person.country`? known: ",
    ),
    (
        CONDITION,
        "{person.country: [FR]}",
        "14: axes.fit.inside.person.country: person.country is of kind text: write {in: [..]} or `filled`",
    ),
    (
        CONDITION,
        "{person.country: {from: 3}}",
        "14: axes.fit.inside.person.country: person.country is of kind text: write {in: [..]} or `filled`",
    ),
    (
        CONDITION,
        "{person.nurture_since: {in: [x]}}",
        "14: axes.fit.inside.person.nurture_since: person.nurture_since is of kind instant: write `filled`, or use it as `after:` beside `activity`",
    ),
    (CONDITION, "{activity: form, after: [x]}", "14: axes.fit.inside.after: must be a text"),
    (
        CONDITION,
        "{activity: form, after: person.nurture_sinc}",
        "14: axes.fit.inside.after: unknown fact `person.nurture_sinc`, did you mean `person.nurture_since`? known: ",
    ),
    (
        "    - {rule: country",
        "    never_below: 0\n    rules:\n    - {rul: country",
        "10: scores.fit.rules[0].rul: unknown key `rul`, did you mean `rule`? known: ",
    ),
    # accounts
    (
        "counted_people: {person.excluded: no}",
        "counted_people: {deals: won}",
        "19: accounts.counted_people.deals: deals cannot be looked at in `counted_people`, only facts, axes",
    ),
    (
        "{follows: own, levels",
        "{follows: its, levels",
        "21: accounts.axes.fit.follows: unknown way `its`; known: own, people, both",
    ),
    (
        "{follows: own, levels",
        "{follows: people, levels",
        "21: accounts.axes.fit.levels: an axis that follows people has no levels of its own",
    ),
    (
        "levels: {inside: {account.country: {in: $rich}}}",
        "levels: {in: anything}",
        "21: accounts.axes.fit.levels.in: unknown level of fit `in`; known: unknown, inside",
    ),
    (
        "    fit: {follows",
        "    fits: {follows",
        "21: accounts.axes.fits: unknown axis `fits`, did you mean `fit`? known: fit, heat",
    ),
    (
        "{inside: {account.country: {in: $rich}}}",
        "{inside: {fit: inside}}",
        "21: accounts.axes.fit.levels.inside.fit: axes cannot be looked at in an account's own levels, only facts, scores, deals",
    ),
    (
        "{inside: {account.country: {in: $rich}}}",
        "{unknown: anything, inside: {account.country: filled}}",
        "21: accounts.axes.fit.levels.unknown: the lowest level holds for everybody else; it takes no condition",
    ),
    # other sections
    (
        "accounts:",
        "contactless_deals: {won: everyone}\naccounts:",
        "18: contactless_deals.won: unknown way to count `everyone`; known: nobody, account",
    ),
    (
        "accounts:",
        "contactless_deals: {one: nobody}\naccounts:",
        "18: contactless_deals.one: unknown key `one`, did you mean `won`? known: open, won, lost",
    ),
    ("accounts:", "same_event: {activity: form}\naccounts:", "18: same_event: `within` is missing"),
    (
        "accounts:",
        "questions: {fat: {en: a, fr: b}}\naccounts:",
        "18: questions.fat: unknown axis `fat`, did you mean `fit`? known: fit, heat",
    ),
    (
        "accounts:",
        "questions: {fit: {en: a}}\naccounts:",
        "18: questions.fit: must be given in English and French: {en: .., fr: ..}",
    ),
    (
        "accounts:",
        "labels: {fat: {axis: {en: a, fr: b}}}\naccounts:",
        "18: labels.fat: unknown axis `fat`, did you mean `fit`? known: fit, heat",
    ),
    (
        "accounts:",
        "labels: {fit: {levels: {}}}\naccounts:",
        "18: labels.fit: `axis` is missing",
    ),
    (
        "accounts:",
        "labels: {fit: {axis: {en: a, fr: b}, levels: {innside: {en: a, fr: b}}}}\naccounts:",
        "18: labels.fit.levels.innside: unknown level `innside`, did you mean `inside`? known: ",
    ),
    (
        "accounts:",
        "labels: {fit: {axis: {en: a}}}\naccounts:",
        "18: labels.fit.axis: must be given in English and French: {en: .., fr: ..}",
    ),
]


def problems_of(path: Path) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        load_policy(path)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def test_the_sound_file_has_no_problems(tmp_path):
    """The file that the cases break is sound itself."""
    path = tmp_path / "policy.yaml"
    path.write_text(SOUND, encoding="utf-8")
    assert ("small", 2) == (load_policy(path).name, load_policy(path).version)


@pytest.mark.parametrize(("old", "new", "problem"), CASES, ids=[case[2] for case in CASES])
def test_a_broken_file_is_refused_at_its_line(tmp_path, old, new, problem):
    """Each kind of mistake is reported with file, line, path and what to do."""
    assert 1 == SOUND.count(old)
    path = tmp_path / "policy.yaml"
    path.write_text(SOUND.replace(old, new), encoding="utf-8")
    found = problems_of(path)
    assert any(
        one == problem or (problem.endswith("known: ") and one.startswith(problem)) for one in found
    ), found


def test_all_problems_of_a_file_come_at_once(tmp_path):
    """Three mistakes in three sections are three problems of one error."""
    broken = SOUND.replace("version: 2", "version: x").replace(
        "$rich}}}\n  heat", "$poor}}}\n  heat"
    )
    path = tmp_path / "policy.yaml"
    path.write_text(broken.replace("points: 5", "points: five"), encoding="utf-8")
    assert [2, 8, 10] == sorted(int(problem.split(":")[0]) for problem in problems_of(path))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        (b"- a\n- b\n", "1: must be `key: value` pairs"),
        (b"policy: small\naxes: {fit: [\n", "3: is not YAML: "),
        (b"policy: sm\xff\n", "is not UTF-8 text"),
        (b"policy: a\nversion: 1\naxes: &x {a: *x}\n", "3: is nested too deep"),
        (
            b"{a: 1}: 2\npolicy: p\nversion: 1\naxes: {a: {b: , c: anything}}",
            "1: a key must be a word",
        ),
    ],
)
def test_a_file_that_is_no_policy_at_all_is_refused(tmp_path, content, problem):
    """A file that is empty, no YAML, no mapping or endless is a problem, not a crash."""
    path = tmp_path / "policy.yaml"
    path.write_bytes(content)
    with pytest.raises(DefinitionError) as caught:
        load_policy(path)
    assert problem in str(caught.value)


def test_a_missing_file_is_a_problem_without_line(tmp_path):
    """A file that does not exist is named."""
    path = tmp_path / "nowhere.yaml"
    with pytest.raises(DefinitionError) as caught:
        load_policy(path)
    assert f"{path}: does not exist" == str(caught.value)
