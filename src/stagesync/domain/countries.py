"""Countries as people spell them in a CRM, and their ISO 3166 codes.

A table of our own rather than a library: pycountry and babel carry both languages, at 23 and 33 MB
installed, for 250 rows. Kosovo bears the user-assigned code XK that both CRMs use.
"""

from __future__ import annotations

from stagesync.domain.text import fold

# Two-letter code, three-letter code, then names in English, French and German, and usual spellings.
_ROWS = """
AD AND Andorra / Andorre
AE ARE United Arab Emirates / Émirats arabes unis / Vereinigte Arabische Emirate / UAE / Emirates / Émirats / EAU
AF AFG Afghanistan
AG ATG Antigua & Barbuda / Antigua-et-Barbuda / Antigua und Barbuda / Antigua and Barbuda
AI AIA Anguilla
AL ALB Albania / Albanie / Albanien
AM ARM Armenia / Arménie / Armenien
AO AGO Angola
AQ ATA Antarctica / Antarctique / Antarktis
AR ARG Argentina / Argentine / Argentinien
AS ASM American Samoa / Samoa américaines / Amerikanisch-Samoa
AT AUT Austria / Autriche / Österreich / Oesterreich
AU AUS Australia / Australie / Australien
AW ABW Aruba
AX ALA Åland Islands / Îles Åland / Ålandinseln
AZ AZE Azerbaijan / Azerbaïdjan / Aserbaidschan
BA BIH Bosnia & Herzegovina / Bosnie-Herzégovine / Bosnien und Herzegowina / Bosnia and Herzegovina / Bosnia / Bosnie
BB BRB Barbados / Barbade
BD BGD Bangladesh / Bangladesch
BE BEL Belgium / Belgique / Belgien / België
BF BFA Burkina Faso
BG BGR Bulgaria / Bulgarie / Bulgarien
BH BHR Bahrain / Bahreïn
BI BDI Burundi
BJ BEN Benin
BL BLM St. Barthélemy / Saint-Barthélemy
BM BMU Bermuda / Bermudes
BN BRN Brunei / Brunei Darussalam
BO BOL Bolivia / Bolivie / Bolivien / Bolivia, Plurinational State of
BQ BES Caribbean Netherlands / Pays-Bas caribéens / Karibische Niederlande / Bonaire, Sint Eustatius and Saba
BR BRA Brazil / Brésil / Brasilien / Brasil
BS BHS Bahamas
BT BTN Bhutan / Bhoutan
BV BVT Bouvet Island / Île Bouvet / Bouvetinsel
BW BWA Botswana / Botsuana
BY BLR Belarus / Biélorussie
BZ BLZ Belize
CA CAN Canada / Kanada
CC CCK Cocos (Keeling) Islands / Îles Cocos / Kokosinseln
CD COD Congo - Kinshasa / Kongo-Kinshasa / Congo, The Democratic Republic of the / DR Congo / DRC / RDC / République démocratique du Congo / Democratic Republic of the Congo / Congo (RDC)
CF CAF Central African Republic / République centrafricaine / Zentralafrikanische Republik
CG COG Congo - Brazzaville / Kongo-Brazzaville / Congo / Republic of the Congo / République du Congo
CH CHE Switzerland / Suisse / Schweiz / Svizzera / Confédération suisse
CI CIV Côte d'Ivoire / Ivory Coast / Elfenbeinküste
CK COK Cook Islands / Îles Cook / Cookinseln
CL CHL Chile / Chili
CM CMR Cameroon / Cameroun / Kamerun
CN CHN China / Chine / PRC / People's Republic of China / République populaire de Chine / Mainland China
CO COL Colombia / Colombie / Kolumbien
CR CRI Costa Rica
CU CUB Cuba / Kuba
CV CPV Cape Verde / Cap-Vert / Cabo Verde
CW CUW Curaçao
CX CXR Christmas Island / Île Christmas / Weihnachtsinsel
CY CYP Cyprus / Chypre / Zypern
CZ CZE Czechia / Tchéquie / Tschechien / Czech Republic / République tchèque / Tschechische Republik / Česko
DE DEU Germany / Allemagne / Deutschland / Federal Republic of Germany
DJ DJI Djibouti / Dschibuti
DK DNK Denmark / Danemark / Danmark
DM DMA Dominica / Dominique
DO DOM Dominican Republic / République dominicaine / Dominikanische Republik
DZ DZA Algeria / Algérie / Algerien
EC ECU Ecuador / Équateur
EE EST Estonia / Estonie / Estland
EG EGY Egypt / Égypte / Ägypten
EH ESH Western Sahara / Sahara occidental / Westsahara
ER ERI Eritrea / Érythrée
ES ESP Spain / Espagne / Spanien / España
ET ETH Ethiopia / Éthiopie / Äthiopien
FI FIN Finland / Finlande / Finnland / Suomi
FJ FJI Fiji / Fidji / Fidschi
FK FLK Falkland Islands / Îles Malouines / Falklandinseln / Falkland Islands (Malvinas) / Malvinas
FM FSM Micronesia / Micronésie / Mikronesien / Micronesia, Federated States of
FO FRO Faroe Islands / Îles Féroé / Färöer / Faroe
FR FRA France / Frankreich / France métropolitaine / French Republic / République française
GA GAB Gabon / Gabun
GB GBR United Kingdom / Royaume-Uni / Vereinigtes Königreich / UK / Great Britain / Britain / Grande-Bretagne / Großbritannien / England / Angleterre / Scotland / Écosse / Schottland / Wales / Pays de Galles / Northern Ireland / Irlande du Nord / United Kingdom of Great Britain and Northern Ireland
GD GRD Grenada / Grenade
GE GEO Georgia / Géorgie / Georgien
GF GUF French Guiana / Guyane française / Französisch-Guayana
GG GGY Guernsey / Guernesey
GH GHA Ghana
GI GIB Gibraltar
GL GRL Greenland / Groenland / Grönland
GM GMB Gambia / Gambie
GN GIN Guinea / Guinée
GP GLP Guadeloupe
GQ GNQ Equatorial Guinea / Guinée équatoriale / Äquatorialguinea
GR GRC Greece / Grèce / Griechenland / EL / Hellas
GS SGS South Georgia & South Sandwich Islands / Géorgie du Sud-et-les Îles Sandwich du Sud / Südgeorgien und die Südlichen Sandwichinseln / South Georgia and the South Sandwich Islands
GT GTM Guatemala
GU GUM Guam
GW GNB Guinea-Bissau / Guinée-Bissau
GY GUY Guyana
HK HKG Hong Kong SAR China / R.A.S. chinoise de Hong Kong / Sonderverwaltungsregion Hongkong / Hong Kong / Hongkong / Hong Kong SAR
HM HMD Heard & McDonald Islands / Îles Heard-et-MacDonald / Heard und McDonaldinseln / Heard Island and McDonald Islands
HN HND Honduras
HR HRV Croatia / Croatie / Kroatien / Hrvatska
HT HTI Haiti
HU HUN Hungary / Hongrie / Ungarn / Magyarország
ID IDN Indonesia / Indonésie / Indonesien
IE IRL Ireland / Irlande / Irland / Eire / Republic of Ireland / République d'Irlande
IL ISR Israel
IM IMN Isle of Man / Île de Man
IN IND India / Inde / Indien
IO IOT British Indian Ocean Territory / Territoire britannique de l'océan Indien / Britisches Territorium im Indischen Ozean
IQ IRQ Iraq / Irak
IR IRN Iran / Iran, Islamic Republic of
IS ISL Iceland / Islande / Island
IT ITA Italy / Italie / Italien / Italia
JE JEY Jersey
JM JAM Jamaica / Jamaïque / Jamaika
JO JOR Jordan / Jordanie / Jordanien
JP JPN Japan / Japon / Nippon
KE KEN Kenya / Kenia
KG KGZ Kyrgyzstan / Kirghizstan / Kirgisistan
KH KHM Cambodia / Cambodge / Kambodscha
KI KIR Kiribati
KM COM Comoros / Comores / Komoren
KN KNA St. Kitts & Nevis / Saint-Christophe-et-Niévès / St. Kitts und Nevis / Saint Kitts and Nevis
KP PRK North Korea / Corée du Nord / Nordkorea / Korea, Democratic People's Republic of / DPRK
KR KOR South Korea / Corée du Sud / Südkorea / Korea, Republic of / Korea / Corée / Republic of Korea / République de Corée
KW KWT Kuwait / Koweït
KY CYM Cayman Islands / Îles Caïmans / Kaimaninseln
KZ KAZ Kazakhstan / Kasachstan
LA LAO Laos / Lao People's Democratic Republic / Lao PDR
LB LBN Lebanon / Liban / Libanon
LC LCA St. Lucia / Sainte-Lucie / Saint Lucia
LI LIE Liechtenstein
LK LKA Sri Lanka
LR LBR Liberia
LS LSO Lesotho
LT LTU Lithuania / Lituanie / Litauen
LU LUX Luxembourg / Luxemburg / Grand-Duché de Luxembourg / Lëtzebuerg
LV LVA Latvia / Lettonie / Lettland
LY LBY Libya / Libye / Libyen
MA MAR Morocco / Maroc / Marokko / Al Maghrib
MC MCO Monaco
MD MDA Moldova / Moldavie / Republik Moldau / Moldova, Republic of / Moldawien / Republic of Moldova
ME MNE Montenegro
MF MAF St. Martin / Saint-Martin / Saint Martin (French part)
MG MDG Madagascar / Madagaskar
MH MHL Marshall Islands / Îles Marshall / Marshallinseln
MK MKD North Macedonia / Macédoine du Nord / Nordmazedonien / Macedonia / Macédoine
ML MLI Mali
MM MMR Myanmar (Burma) / Myanmar (Birmanie) / Myanmar / Burma / Birmanie
MN MNG Mongolia / Mongolie / Mongolei
MO MAC Macao SAR China / R.A.S. chinoise de Macao / Sonderverwaltungsregion Macau / Macao / Macau
MP MNP Northern Mariana Islands / Îles Mariannes du Nord / Nördliche Marianen
MQ MTQ Martinique
MR MRT Mauritania / Mauritanie / Mauretanien
MS MSR Montserrat
MT MLT Malta / Malte
MU MUS Mauritius / Maurice / Île Maurice
MV MDV Maldives / Malediven
MW MWI Malawi
MX MEX Mexico / Mexique / Mexiko
MY MYS Malaysia / Malaisie
MZ MOZ Mozambique / Mosambik
NA NAM Namibia / Namibie
NC NCL New Caledonia / Nouvelle-Calédonie / Neukaledonien
NE NER Niger
NF NFK Norfolk Island / Île Norfolk / Norfolkinsel
NG NGA Nigeria
NI NIC Nicaragua
NL NLD Netherlands / Pays-Bas / Niederlande / Holland / Hollande / Nederland
NO NOR Norway / Norvège / Norwegen / Norge
NP NPL Nepal
NR NRU Nauru
NU NIU Niue
NZ NZL New Zealand / Nouvelle-Zélande / Neuseeland / Aotearoa
OM OMN Oman
PA PAN Panama
PE PER Peru / Pérou
PF PYF French Polynesia / Polynésie française / Französisch-Polynesien
PG PNG Papua New Guinea / Papouasie-Nouvelle-Guinée / Papua-Neuguinea
PH PHL Philippines / Philippinen / Pilipinas
PK PAK Pakistan
PL POL Poland / Pologne / Polen / Polska
PM SPM St. Pierre & Miquelon / Saint-Pierre-et-Miquelon / St. Pierre und Miquelon / Saint Pierre and Miquelon
PN PCN Pitcairn Islands / Îles Pitcairn / Pitcairninseln / Pitcairn
PR PRI Puerto Rico / Porto Rico
PS PSE Palestinian Territories / Territoires palestiniens / Palästinensische Autonomiegebiete / Palestine, State of / Palestine / Palästina
PT PRT Portugal
PW PLW Palau / Palaos
PY PRY Paraguay
QA QAT Qatar / Katar
RE REU Réunion / La Réunion
RO ROU Romania / Roumanie / Rumänien
RS SRB Serbia / Serbie / Serbien
RU RUS Russia / Russie / Russland / Russian Federation / Fédération de Russie
RW RWA Rwanda / Ruanda
SA SAU Saudi Arabia / Arabie saoudite / Saudi-Arabien / KSA
SB SLB Solomon Islands / Îles Salomon / Salomonen
SC SYC Seychelles / Seychellen
SD SDN Sudan / Soudan
SE SWE Sweden / Suède / Schweden / Sverige
SG SGP Singapore / Singapour / Singapur
SH SHN St. Helena / Sainte-Hélène / Saint Helena, Ascension and Tristan da Cunha
SI SVN Slovenia / Slovénie / Slowenien
SJ SJM Svalbard & Jan Mayen / Svalbard et Jan Mayen / Spitzbergen und Jan Mayen / Svalbard and Jan Mayen
SK SVK Slovakia / Slovaquie / Slowakei / Slovak Republic / République slovaque
SL SLE Sierra Leone
SM SMR San Marino / Saint-Marin
SN SEN Senegal
SO SOM Somalia / Somalie
SR SUR Suriname
SS SSD South Sudan / Soudan du Sud / Südsudan
ST STP São Tomé & Príncipe / Sao Tomé-et-Principe / São Tomé und Príncipe / Sao Tome and Principe
SV SLV El Salvador / Salvador
SX SXM Sint Maarten / Saint-Martin (partie néerlandaise) / Sint Maarten (Dutch part)
SY SYR Syria / Syrie / Syrien / Syrian Arab Republic
SZ SWZ Eswatini / Swaziland
TC TCA Turks & Caicos Islands / Îles Turques-et-Caïques / Turks- und Caicosinseln / Turks and Caicos Islands
TD TCD Chad / Tchad / Tschad
TF ATF French Southern Territories / Terres australes françaises / Französische Süd- und Antarktisgebiete
TG TGO Togo
TH THA Thailand / Thaïlande
TJ TJK Tajikistan / Tadjikistan / Tadschikistan
TK TKL Tokelau
TL TLS Timor-Leste / Timor oriental / East Timor
TM TKM Turkmenistan
TN TUN Tunisia / Tunisie / Tunesien
TO TON Tonga
TR TUR Türkiye / Turquie / Türkei / Turkey
TT TTO Trinidad & Tobago / Trinité-et-Tobago / Trinidad und Tobago / Trinidad and Tobago
TV TUV Tuvalu
TW TWN Taiwan / Taiwan, Province of China / Taiwan ROC
TZ TZA Tanzania / Tanzanie / Tansania / Tanzania, United Republic of
UA UKR Ukraine
UG UGA Uganda / Ouganda
UM UMI U.S. Outlying Islands / Îles mineures éloignées des États-Unis / Amerikanische Überseeinseln / United States Minor Outlying Islands
US USA United States / États-Unis / Vereinigte Staaten / United States of America / America / États-Unis d'Amérique / EUA / Vereinigte Staaten von Amerika
UY URY Uruguay
UZ UZB Uzbekistan / Ouzbékistan / Usbekistan
VA VAT Vatican City / État de la Cité du Vatican / Vatikanstadt / Holy See (Vatican City State) / Vatican / Holy See / Saint-Siège
VC VCT St. Vincent & Grenadines / Saint-Vincent-et-les Grenadines / St. Vincent und die Grenadinen / Saint Vincent and the Grenadines
VE VEN Venezuela / Venezuela, Bolivarian Republic of
VG VGB British Virgin Islands / Îles Vierges britanniques / Britische Jungferninseln / Virgin Islands, British
VI VIR U.S. Virgin Islands / Îles Vierges des États-Unis / Amerikanische Jungferninseln / Virgin Islands, U.S.
VN VNM Vietnam / Viêt Nam
VU VUT Vanuatu
WF WLF Wallis & Futuna / Wallis-et-Futuna / Wallis und Futuna / Wallis and Futuna
WS WSM Samoa
XK XKX Kosovo
YE YEM Yemen / Jemen
YT MYT Mayotte
ZA ZAF South Africa / Afrique du Sud / Südafrika
ZM ZMB Zambia / Zambie / Sambia
ZW ZWE Zimbabwe / Simbabwe
"""

_ARTICLES = ("the ", "la ", "le ", "les ", "l ", "die ", "der ")


def _read_rows() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _ROWS.strip().splitlines():
        code, long_code, names = row.split(" ", 2)
        for spelling in (code, long_code, *names.split(" / ")):
            found[fold(spelling)] = code
    return found


_CODES = _read_rows()


def country_of(text: str) -> str | None:
    """The two-letter code of a country's code or name; None when it is not known."""
    folded = fold(text)
    found = _CODES.get(folded)
    for article in _ARTICLES:
        if found is None and folded.startswith(article):
            found = _CODES.get(folded.removeprefix(article))
    return found
