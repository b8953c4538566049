"""Countries with the spellings that people type, their cities, legal forms and telephone numbers.

The telephone numbers come from the ranges that national regulators keep free for fiction,
or from patterns that no operator assigns: nobody can be called by mistake.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """A country as the world uses it.

    Attributes:
        code: two letters, ISO 3166.
        weight: its share among firms, relative to the others.
        in_target: whether the vendor of this world sells there.
        language: "fr" or "en", the language of names and titles that prevails there.
        spellings: how people write it in a CRM.
        suffix: the ending of domains there.
        phone: (calling code, national prefix, digits before the free part, how many free digits).
    """

    code: str
    weight: int
    in_target: bool
    language: str
    spellings: tuple[str, ...]
    cities: tuple[str, ...]
    legal_forms: tuple[str, ...]
    suffix: str
    phone: tuple[str, str, str, int]


COUNTRIES = (
    Country("FR", 38, True, "fr", ("France", "FRANCE", "fr", "FR", "france ", "Fra"),
            ("Paris", "Lyon", "Nantes", "Bordeaux", "Lille", "Toulouse", "Aix-en-Provence", "Saint-Étienne", "Orléans"),
            ("SAS", "SARL", "SA", "SASU", "EURL"), "fr", ("33", "0", "63998", 4)),
    Country("GB", 17, True, "en", ("United Kingdom", "UK", "GB", "Great Britain", "U.K.", "England"),
            ("London", "Manchester", "Leeds", "Bristol", "Edinburgh", "Cardiff", "Stoke-on-Trent"),
            ("Ltd", "PLC", "LLP", "Limited"), "co.uk", ("44", "0", "2079460", 3)),
    Country("BE", 9, True, "fr", ("Belgium", "Belgique", "BE", "België", "BELGIUM"),
            ("Bruxelles", "Liège", "Namur", "Gand", "Anvers"), ("SRL", "SA", "BV", "NV"), "be", ("32", "0", "46000", 4)),
    Country("CH", 7, True, "fr", ("Switzerland", "Suisse", "CH", "Schweiz", "ch"),
            ("Genève", "Lausanne", "Zürich", "Bâle", "Neuchâtel"), ("SA", "Sàrl", "AG", "GmbH"), "ch", ("41", "0", "79000", 4)),
    Country("DE", 7, True, "en", ("Germany", "Deutschland", "DE", "Allemagne", "germany"),
            ("Berlin", "München", "Köln", "Hamburg", "Frankfurt am Main"), ("GmbH", "AG", "GmbH & Co. KG", "UG"), "de", ("49", "0", "3023125", 3)),
    Country("US", 6, True, "en", ("United States", "USA", "US", "U.S.A.", "United States of America"),
            ("Boston", "Austin", "Chicago", "Denver", "San José", "New York"), ("Inc.", "LLC", "Corp."), "com", ("1", "", "61755501", 2)),
    Country("NL", 3, True, "en", ("Netherlands", "The Netherlands", "Pays-Bas", "NL", "Nederland"),
            ("Amsterdam", "Utrecht", "Eindhoven"), ("BV", "NV"), "nl", ("31", "0", "97000", 4)),
    Country("LU", 2, True, "fr", ("Luxembourg", "LU", "Luxemburg"), ("Luxembourg", "Esch-sur-Alzette"),
            ("SA", "Sàrl"), "lu", ("352", "", "69100", 4)),
    Country("ES", 2, True, "en", ("Spain", "Espagne", "España", "ES"), ("Madrid", "Barcelona", "Valencia"),
            ("SL", "SA"), "es", ("34", "", "60000", 4)),
    Country("CA", 2, True, "fr", ("Canada", "CA", "canada"), ("Montréal", "Québec", "Toronto"),
            ("Inc.", "Ltée"), "ca", ("1", "", "51455501", 2)),
    Country("BR", 2, False, "en", ("Brazil", "Brésil", "BR", "Brasil"), ("São Paulo", "Curitiba", "Recife"),
            ("Ltda", "SA"), "com.br", ("55", "0", "1190000", 4)),
    Country("MA", 2, False, "fr", ("Morocco", "Maroc", "MA"), ("Casablanca", "Rabat", "Tanger"),
            ("SARL", "SA"), "ma", ("212", "0", "60000", 4)),
    Country("JP", 1, False, "en", ("Japan", "Japon", "JP", "JAPAN"), ("Tokyo", "Osaka", "Nagoya"),
            ("KK", "GK"), "co.jp", ("81", "0", "90000", 5)),
    Country("IN", 1, False, "en", ("India", "Inde", "IN"), ("Pune", "Bengaluru", "Chennai"),
            ("Pvt Ltd", "LLP"), "in", ("91", "0", "90000", 5)),
    Country("SN", 1, False, "fr", ("Senegal", "Sénégal", "SN"), ("Dakar", "Thiès"), ("SARL", "SUARL"), "sn", ("221", "", "70000", 4)),
)  # fmt: skip
