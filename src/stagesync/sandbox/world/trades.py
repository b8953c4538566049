"""What firms do and what people are: industries in the words of both CRMs, and job titles."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Industry:
    """A trade; `hubspot` are options of the company property, `salesforce` values of the picklist."""

    key: str
    weight: int
    in_target: bool
    hubspot: tuple[str, ...]
    salesforce: tuple[str, ...]


INDUSTRIES = (
    Industry("software", 16, True, ("COMPUTER_SOFTWARE", "INFORMATION_TECHNOLOGY_AND_SERVICES"), ("Technology",)),
    Industry("internet", 7, True, ("INTERNET",), ("Technology", "Communications")),
    Industry("financial_services", 10, True, ("FINANCIAL_SERVICES", "BANKING", "INSURANCE"), ("Finance", "Banking", "Insurance")),
    Industry("manufacturing", 14, True, ("MACHINERY", "AUTOMOTIVE", "MECHANICAL_OR_INDUSTRIAL_ENGINEERING"), ("Manufacturing", "Machinery")),
    Industry("professional_services", 12, True, ("MANAGEMENT_CONSULTING", "LEGAL_SERVICES", "ACCOUNTING"), ("Consulting",)),
    Industry("healthcare", 8, True, ("HOSPITAL_HEALTH_CARE", "PHARMACEUTICALS", "MEDICAL_DEVICES"), ("Healthcare", "Biotechnology")),
    Industry("retail", 8, True, ("RETAIL", "CONSUMER_GOODS"), ("Retail",)),
    Industry("agriculture", 4, False, ("FARMING", "WINE_AND_SPIRITS"), ("Agriculture", "Food & Beverage")),
    Industry("education", 4, False, ("HIGHER_EDUCATION", "E_LEARNING"), ("Education",)),
    Industry("government", 3, False, ("GOVERNMENT_ADMINISTRATION",), ("Government",)),
    Industry("construction", 4, False, ("CONSTRUCTION", "BUILDING_MATERIALS"), ("Construction", "Engineering")),
    Industry("transport", 4, False, ("TRANSPORTATION_TRUCKING_RAILROAD", "LOGISTICS_AND_SUPPLY_CHAIN"), ("Transportation", "Shipping")),
    Industry("energy", 2, False, ("OIL_ENERGY", "RENEWABLES_ENVIRONMENT"), ("Energy", "Utilities")),
    Industry("leisure", 5, False, ("LEISURE_TRAVEL_TOURISM", "RECREATIONAL_FACILITIES_AND_SERVICES", "FINE_ART"), ("Entertainment", "Recreation")),
    Industry("charity", 2, False, ("NON_PROFIT_ORGANIZATION_MANAGEMENT",), ("Not For Profit", "Other")),
)  # fmt: skip

SENIOR_TITLES = {
    "fr": (
        "Directrice marketing", "Directeur marketing", "Directeur général", "Directrice générale", "PDG", "Présidente",
        "Gérant", "Fondatrice", "Co-fondateur", "Directeur commercial", "Directrice des achats", "DSI", "DAF", "DRH",
        "Responsable achats", "Responsable marketing", "Responsable informatique", "Responsable des ventes",
        "Chef de produit", "Directeur des opérations", "Directrice de la transformation numérique", "Responsable CRM",
        "Directeur technique (CTO)", "Vice-présidente ventes", "Responsable communication",
    ),
    "en": (
        "CEO", "CTO", "CFO", "Chief Marketing Officer", "Chief Revenue Officer", "VP Sales", "VP Marketing", "VP of Engineering",
        "Vice President, Operations", "Head of IT", "Head of Growth", "Head of Procurement", "Sales Director",
        "Marketing Director", "Director of Operations", "Managing Director", "Founder", "Co-Founder & CEO", "Owner",
        "Marketing Manager", "Sales Manager", "Purchasing Manager", "IT Manager", "CRM Manager", "Regional Manager",
    ),
}  # fmt: skip

JUNIOR_TITLES = {
    "fr": (
        "Chargée de marketing", "Assistant commercial", "Acheteuse", "Ingénieur d'études", "Technicien informatique",
        "Comptable", "Stagiaire", "Alternante marketing", "Conseiller clientèle", "Développeuse", "Consultant", "Juriste",
    ),
    "en": (
        "Marketing Executive", "Sales Assistant", "Buyer", "Software Engineer", "IT Technician", "Accountant", "Intern",
        "Analyst", "Office Administrator", "Consultant", "Data Scientist", "Account Executive",
    ),
}  # fmt: skip

STUDENT_TITLES = {
    "fr": ("Étudiant", "Étudiante", "Doctorante"),
    "en": ("Student", "MBA student", "PhD candidate"),
}

NEEDS = (
    "Aligner marketing et ventes sur une seule définition du lead",
    "Remplacer un CRM vieillissant avant la fin de l'année",
    "Unifier les données clients de trois filiales",
    "Mieux qualifier les demandes entrantes",
    "Suivre les relances après les salons",
    "Réduire les doublons entre deux outils",
    "One view of the customer across two CRMs",
    "Stop losing inbound requests over the weekend",
    "Reporting the board can trust",
    "Score leads without a data team",
    "Prepare a merger with a company on another CRM",
    "Hand over to sales faster",
)

BLANKS = ("N/A", "-", " ", "n/a", "?")
"""What people type to get past a field they cannot fill."""

FIRM_HEADS = (
    "Acti", "Aero", "Agri", "Alpi", "Altis", "Ambre", "Aqui", "Arden", "Argo", "Armor", "Astre", "Atla", "Auver", "Axio", "Azur",
    "Bel", "Boré", "Brume", "Cala", "Camber", "Cap", "Cedar", "Céle", "Chart", "Clair", "Cobalt", "Corvi", "Crest", "Delta", "Dock",
    "Dune", "Ebène", "Éco", "Elm", "Épi", "Esker", "Fair", "Fern", "Flux", "Forge", "Gala", "Glen", "Grani", "Halo", "Harbour", "Hexa",
    "Horizon", "Iris", "Jura", "Kelvin", "Lande", "Lark", "Loire", "Lumi", "Maple", "Mari", "Médi", "Meri", "Mistral", "Moor", "Nava",
    "Nord", "Nova", "Oak", "Océa", "Onyx", "Opale", "Orbi", "Pavé", "Penta", "Pixel", "Polar", "Prisme", "Quanti", "Quartz", "Raven",
    "Rhône", "River", "Sable", "Savoie", "Sequoia", "Silex", "Sol", "Stella", "Stone", "Tamar", "Terra", "Thames", "Tilia", "Ultra",
    "Val", "Vega", "Verdi", "Vesta", "Vigie", "West", "Wharf", "Yonne", "Zephyr",
)  # fmt: skip

FIRM_TAILS = (
    "base", "bio", "bridge", "care", "cis", "core", "data", "delia", "dis", "field", "finance", "flow", "gest", "grid", "lab", "land",
    "lia", "line", "link", "logis", "loop", "mark", "matic", "media", "métal", "mont", "nergie", "net", "nova", "plast", "port",
    "pro", "retail", "santé", "scope", "sens", "soft", "sys", "tech", "tis", "vance", "via", "ville", "vox", "ware", "works",
)  # fmt: skip

FIRM_EXTRAS = (
    "", "", "", "", "", " Group", " Conseil", " Industries", " Solutions", " & Fils", " Partners", " Europe", " Digital",
    " International", " Services", " Holding", " Studio",
)  # fmt: skip
