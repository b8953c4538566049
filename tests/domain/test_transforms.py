"""What each transform makes of what people and CRMs write."""

import math

import pytest

from stagesync.domain.industries import INDUSTRIES
from stagesync.domain.text import fold, fold_name
from stagesync.domain.transforms import TRANSFORMS, NotUnderstood, as_text


def read(name, value):
    return TRANSFORMS[name].read(value)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("text", "  Gold Partner ", "Gold Partner"),
        ("lower", "  Gold PARTNER ", "gold partner"),
        ("lower", "ÉCLAIR", "éclair"),
        ("lower", 12.0, "12"),
    ],
)
def test_text_is_trimmed_and_lowered(name, given, expected):
    """A text loses the blanks around it, and where asked its capitals."""
    assert expected == read(name, given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (" Jean.DUPONT@Exemple.FR ", "jean.dupont@exemple.fr"),
        ("O.Neill+crm@example.co.uk", "o.neill+crm@example.co.uk"),
    ],
)
def test_email_is_trimmed_and_lowered(given, expected):
    """An address in capitals with blanks is the same address."""
    assert expected == read("email", given)


@pytest.mark.parametrize(
    "given", ["n/a@n/a", "a b@c.fr", "no-at-sign", "user@[1.2.3.4]", "a@localhost"]
)
def test_email_that_is_none_is_not_understood(given):
    """What is no address anybody can be written to is refused."""
    with pytest.raises(NotUnderstood):
        read("email", given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("fr", "FR"), ("FRANCE", "FR"), ("france ", "FR"), ("Fra", "FR"), ("Frankreich", "FR"),
        ("Royaume-Uni", "GB"), ("UK", "GB"), ("U.K.", "GB"), ("England", "GB"), ("Vereinigtes Königreich", "GB"),
        ("Deutschland", "DE"), ("allemagne", "DE"), ("U.S.A.", "US"), ("Etats Unis", "US"), ("the Netherlands", "NL"),
        ("Pays-Bas", "NL"), ("les Pays-Bas", "NL"), ("Österreich", "AT"), ("Côte d\u2019Ivoire", "CI"), ("Cote d'Ivoire", "CI"),
        ("NO", "NO"), ("São Tomé & Príncipe", "ST"), ("Niger", "NE"), ("Nigeria", "NG"), ("South Korea", "KR"),
    ],
)  # fmt: skip
def test_country_in_any_usual_spelling(given, expected):
    """Codes and names in English, French and German give one ISO code, whatever the case and accents."""
    assert expected == read("country_code", given)


@pytest.mark.parametrize("given", ["Europe", "F", "Freedonia", "12"])
def test_country_unknown(given):
    """A country that does not exist is refused, not guessed."""
    with pytest.raises(NotUnderstood):
        read("country_code", given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1200", 1200), ("1 200", 1200), ("1\u202f200", 1200), ("1,200", 1200), ("1.200", 1200), ("1'200", 1200),
        ("1.200,50", 1200.5), ("1,200.50", 1200.5), ("12.5", 12.5), ("1,5", 1.5), ("0.125", 0.125), ("1234.567", 1234.567),
        ("1,000,000", 1_000_000), ("-5", -5), ("50-200", 50), ("11\u201350 employees", 11), ("50 to 200", 50), ("50 à 200", 50),
        ("10,000+", 10_000), ("10k", 10_000), ("2,5 M€", 2_500_000), ("€ 1 200", 1200), ("200 salariés", 200),
        (12, 12), (3.5, 3.5),
    ],
)  # fmt: skip
def test_number_with_separators(given, expected):
    """Thousands, decimals, ranges (their lower bound), units and currencies are read."""
    assert float(expected) == read("number", given)


@pytest.mark.parametrize(
    "given",
    ["abc", "1.2.3", "12,34,567", "nan", "1e5", "~50", "1.200,5,1", True, math.nan, math.inf],
)
def test_number_that_is_none(given):
    """A text that no reading makes a number of is refused."""
    with pytest.raises(NotUnderstood):
        read("number", given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(True, True), ("true", True), ("YES", True), (False, False), ("false", False), ("no", False)],
)
def test_flag_words(given, expected):
    """The text "false" is false."""
    assert expected is read("flag", given)


@pytest.mark.parametrize("given", ["oui", "1", 1, "maybe"])
def test_flag_of_another_word(given):
    """Any other text is refused rather than taken for true."""
    with pytest.raises(NotUnderstood):
        read("flag", given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-10-01T10:00:00Z", 1790848800.0),
        ("2026-10-01T10:00:00.000+0000", 1790848800.0),
        ("2026-10-01T12:00:00.5+02:00", 1790848800.5),
        ("1790848800000", 1790848800.0),
        (1790848800000, 1790848800.0),
        ("2026-10-01", 1790812800.0),
    ],
)
def test_instant_in_both_vendors_spellings(given, expected):
    """ISO with a zone, epoch milliseconds and a day (its midnight, UTC) are instants."""
    assert expected == read("instant", given)


@pytest.mark.parametrize(
    "given",
    ["2026-10-01T10:00:00", "20261001", "2026-W01-1", "soon", "2026-13-01", True, "9" * 400],
)
def test_instant_without_zone(given):
    """An instant without zone is refused, as is a run of digits too short or too long for milliseconds."""
    with pytest.raises(NotUnderstood):
        read("instant", given)


def test_date_is_cut_to_its_day():
    """A date is midnight UTC of the day on which the instant falls."""
    assert read("date", "2026-10-01") == read("date", "2026-10-01T23:59:59Z")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://www.Exemple.com/x?y=1", "exemple.com"),
        ("http://acme.fr:8080", "acme.fr"),
        ("www.acme.fr", "acme.fr"),
        ("someone@Acme.co.uk", "acme.co.uk"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("someone@gmail.com", None),
    ],
)
def test_domain_of_address_or_mail(given, expected):
    """A web address or an e-mail gives the bare domain; a free-mail provider's says nothing."""
    assert expected == read("domain", given)


@pytest.mark.parametrize("given", ["acme", "192.168.0.1", "foo bar.com", "-a.com", "é..fr"])
def test_domain_that_is_none(given):
    """What cannot be a public host is refused."""
    with pytest.raises(NotUnderstood):
        read("domain", given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("COMPUTER_SOFTWARE", "software"), ("Computer Software", "software"), ("Technology", "software"),
        ("FINANCIAL_SERVICES", "financial_services"), ("Banking", "financial_services"),
        ("HOSPITAL_HEALTH_CARE", "healthcare"), ("Food & Beverage", "food_and_beverage"), ("Not For Profit", "charity"),
        ("software", "software"), ("Other", None),
    ],
)  # fmt: skip
def test_industry_of_both_vendors(given, expected):
    """Picklist values of HubSpot and Salesforce, and our own words, give our word; `Other` says nothing."""
    assert expected == read("industry", given)


def test_industry_unknown():
    """An industry of the company's own making is refused."""
    with pytest.raises(NotUnderstood):
        read("industry", "PHILATELY")


def test_every_industry_stands_for_itself():
    """Our words are read as themselves, so that a CRM may hold them too."""
    assert [] == [word for word in INDUSTRIES if read("industry", word) != word]


@pytest.mark.parametrize(
    ("title", "seniority", "function"),
    [
        ("Directrice marketing", "director", "marketing"),
        ("Directeur·rice marketing", "director", "marketing"),
        ("Directeur général", "c_level", "general_management"),
        ("PDG", "c_level", "general_management"),
        ("Gérante", "owner", "general_management"),
        ("Co-Founder & CEO", "owner", "general_management"),
        ("C.E.O.", "c_level", "general_management"),
        ("Chief Marketing Officer", "c_level", "marketing"),
        ("Directeur technique (CTO)", "c_level", "it"),
        ("V.P. Sales", "vp", "sales"),
        ("Vice-présidente ventes", "vp", "sales"),
        ("Vice President, Operations", "vp", "operations"),
        ("Head of Procurement", "director", "purchasing"),
        ("DRH", "director", "hr"),
        ("Secrétaire générale", "director", "general_management"),
        ("Responsable informatique", "manager", "it"),
        ("Chef de produit", "manager", "product"),
        ("Product Marketing Manager", "manager", "marketing"),
        ("Regional Manager", "manager", None),
        ("Lead Developer", "senior", "it"),
        ("Senior Accountant", "senior", "finance"),
        ("Juriste", "employee", "legal"),
        ("Marketing Executive", "employee", "marketing"),
        ("Product Owner", "employee", "product"),
        ("HR Business Partner", "employee", "hr"),
        ("Partner", "owner", None),
        ("Junior Product Manager", "entry", "product"),
        ("Executive Assistant to the CEO", "entry", "administration"),
        ("Assistant to the Managing Director", "entry", "administration"),
        ("Assistante de direction", "entry", "administration"),
        ("Assistant Director", "director", None),
        ("Alternante marketing", "intern", "marketing"),
        ("Working Student", "intern", None),
        ("Étudiant", "student", None),
        ("Former CEO", None, None),
        ("Ancien directeur marketing", None, None),
        ("Marketing", None, "marketing"),
        ("banana", None, None),
    ],
)
def test_titles(title, seniority, function):
    """A title in French or English tells rank and function, or nothing."""
    assert (seniority, function) == (
        read("seniority_from_title", title),
        read("function_from_title", title),
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("O\u2019Neill", "oneill"),
        ("Jean-Pierre ", "jean pierre"),
        ("ÉLODIE", "elodie"),
        ("Søren Œuvrard", "soren oeuvrard"),
        ("Weiß", "weiss"),
    ],
)
def test_names_are_compared_without_marks(given, expected):
    """Case, accents and punctuation do not tell two names apart."""
    assert expected == fold_name(given)


def test_fold_keeps_words_apart():
    """Abbreviations are joined, other punctuation separates."""
    assert "vp ventes d ile de france" == fold("V.P. Ventes d'Île-de-France")


@pytest.mark.parametrize(
    ("given", "expected"), [(True, "true"), (12.0, "12"), (12.5, "12.5"), (" x ", "x")]
)
def test_as_text(given, expected):
    """A value is spelled as the CRM's API spells it."""
    assert expected == as_text(given)
