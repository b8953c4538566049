"""Seniority and function read from a job title, in French and English.

A title is folded to words (no case, accents or punctuation; `Directeur·rice` is `directeur rice`),
and phrases are looked for as whole words.

Seniority. What says that somebody is *not* what the title names goes first: `former`, `ex`, then
students and interns, assistants (unless a rank follows at once: an assistant director is a director),
juniors. Then the highest rank named anywhere counts, so that `Founder & Marketing Director` is an owner:
owner, c_level, vp, director, manager, senior. A title that names an occupation without a rank
(`Accountant`) is `employee`; one that says nothing known is missing, for nothing is guessed.

Function. The phrase that stands first counts, the longer one of two at the same place
(`product marketing` is marketing); a rank that leads the whole firm (`CEO`, `Gérant`) is
`general_management` when no function is named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from stagesync.domain.text import fold

SENIORITIES = (
    "owner", "c_level", "vp", "director", "manager", "senior",
    "employee", "entry", "intern", "student",
)  # fmt: skip
"""Highest rank first."""


def _phrases(text: str) -> re.Pattern[str]:
    """One pattern for a comma-separated list of regular phrases, matched as whole words."""
    parts = sorted((part.strip() for part in text.split(",")), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)")


_PAST = _phrases("former, formerly, ex, ancien, ancienne, retired, retraitee?, retraite e")
_STUDENT = _phrases("etudiant, etudiante, student, doctorante?, phd candidate, eleve ingenieure?")
_INTERN = _phrases(
    "stagiaire, alternante?, apprentie?, intern, internship, trainee, working student, apprentice"
)
_RANK = r"(?:vice president|directors?|directeurs?|directrices?|general managers?|managers?)"
_ASSISTANT = _phrases(
    rf"(?:assistante?|attachee?|secretaire|secretary)(?! {_RANK})(?! generale?)(?! to the board),"
    rf"assistante? (?:to|du|de la|de|au|a la) (?:the )?{_RANK}"
)
_JUNIOR = _phrases("junior, jr, debutante?, entry level, graduate")
_NOT_A_RANK = _phrases(
    "product owner, process owner, service owner, data owner, business partner, channel partner,"
    "partner manager, partner success, account executive, marketing executive, sales executive,"
    "hr executive, customer executive, vice president, vice presidente, vice presidency, chef de cabinet,"
    "community manager, office manager"
)
_VP = _phrases("vp, svp, evp, avp, rvp, gvp, vice president, vice presidente")

_RANKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("owner", _phrases(
        "owner, co owner, founder, cofounder, co founder, (?:founding|managing|senior|equity|general) partner,"
        "proprietor,"
        "fondateur, fondatrice, cofondateur, cofondatrice, co fondateur, co fondatrice, gerante?, co gerante?,"
        "proprietaire, dirigeante?, associee?, patron, patronne, chef d entreprise, entrepreneure?,"
        "entrepreneuse, auto entrepreneure?"
    )),
    ("c_level", _phrases(
        r"c[etfmoirpdslhx]o, ciso, chro, cpto, chief (?:\w+ )+officer, chief executive, pdg, dg, dga,"
        "president, presidente, president directeur general, presidente directrice generale, chairman,"
        "chairwoman, chairperson, managing director, directeur general, directrice generale,"
        "directeur general adjoint, directrice generale adjointe, directeur general delegue,"
        "administrateur delegue, administratrice deleguee, direction generale, geschaftsfuhrer,"
        "geschaftsfuhrerin, vorstand"
    )),
    ("vp", _VP),
    ("director", _phrases(
        "director, directors, directeur, directeurs, directrice, dir, head, head of, dsi, daf, drh, rssi,"
        "dircom, secretaire generale?, general secretary, secretary general, company secretary,"
        "general manager, chief of staff"
    )),
    ("manager", _phrases(
        "manager, manageur, manageuse, mgr, responsable, resp, chef, cheffe, team leader, supervisor,"
        "superviseure?, superintendent, product lead, team lead"
    )),
    ("senior", _phrases(
        "senior, sr, lead, principal, principale, expert, experte, staff engineer, confirmee?, chief"
    )),
)  # fmt: skip

_FUNCTIONS: Mapping[str, str] = {
    "marketing": "marketing, product marketing, cmo, communication, communications, brand, marque, growth, "
    "crm, demand generation, content, contenu, seo, digital marketing, marketing digital, "
    "public relations, relations presse, dircom, community manager, publicite, advertising",
    "sales": "sales, ventes?, vendeur, vendeuse, commerciale?, commerciaux, revenue, cro, cso, account manager, "
    "account executive, key account, grands comptes, business development, business developer, bdr, sdr, "
    "developpement commercial, ingenieure? commerciale?, technico commerciale?, channel, partnerships?, "
    "partenariats?, charge d affaires, chargee d affaires, export",
    "it": "it, cto, cio, ciso, dsi, rssi, informatique, information technology, information systems, "
    "systemes? d information, software, logiciel, developer, developers, developpeure?, developpeuse, "
    "programmer, web developer, devops, data, donnees, digital, digitale, numerique, infrastructure, cloud, "
    "technicien(?:ne)? informatique, security engineer, cybersecurity, cybersecurite, reseaux?, network, system administrator, "
    "administrateur systemes?, directeur technique, directrice technique, technical director",
    "finance": "finance, finances, financial, financiere?, cfo, daf, accounting, accountant, comptable, "
    "comptabilite, controller, controleure? de gestion, controle de gestion, tresorerie, tresoriere?, "
    "treasurer, treasury, audit, auditor, auditeur, auditrice, tax, payroll accountant",
    "hr": "hr, rh, human resources, ressources humaines, chro, drh, talent, recruiter, recruiting, recruitment, "
    "recruteure?, recruteuse, recrutement, people, people operations, paie, payroll, formation, "
    "learning and development",
    "operations": "operations, operation, ops, coo, exploitation, production, supply chain, logistics, "
    "logistique, plant manager, site manager, usine, quality, qualite, warehouse, transport, facilities, "
    "services generaux, manufacturing",
    "purchasing": "purchasing, procurement, achats?, acheteure?, acheteuse, buyer, sourcing, "
    "chief procurement officer",
    "legal": "legal, juridique, juriste, lawyer, counsel, general counsel, avocate?, attorney, compliance, "
    "conformite, data protection, data protection officer, dpo, protection des donnees, contract manager",
    "product": "product, produits?, product manager, product owner, chef de produits?, cheffe de produits?, "
    "cpo, ux, ui, designer",
    "engineering": "engineering, engineer, engineers, ingenieure?, ingenierie, r d, research, "
    "recherche, rd, technicien, technicienne, technician, bureau d etudes, etudes, industrialisation, methodes",
    "customer_service": "customer success, customer service, customer support, customer care, support, "
    "service clients?, relation clients?, conseillere? clientele, clientele, csm, after sales, "
    "apres vente, sav, help desk, hotline",
    "administration": "administrator, administration, administrative, administratif, administrative assistant, "
    "office manager, office administrator, secretaire, secretary, assistante? de direction, assistante? du, "
    "executive assistant, personal assistant, receptionist",
    "general_management": "secretaire generale?, secretary general, general secretary",
    "consulting": "consultant, consultante, consulting, conseil, advisor, adviser",
}  # fmt: skip

_ANY_FUNCTION = tuple((name, _phrases(text)) for name, text in _FUNCTIONS.items())
_OCCUPATION = _phrases(
    "chargee?, charge e, conseillere?, analyst, analyste, specialist, specialiste, coordinator,"
    "coordinateur, coordinatrice, executive, representative, associate, agent, officer, planner,"
    "architect, architecte, scientist, gestionnaire, employee?, ouvriere?, clerk, operator, teacher,"
    "enseignante?, professor, professeure?, doctor, medecin, nurse, infirmiere?, writer, redacteur,"
    "redactrice, journalist, journaliste, freelance, partner, delegue, deleguee"
)
# A department alone says nothing of a rank: its head may sign so.
_DEPARTMENT_NAMES = """
    marketing sales it finance hr rh operations legal purchasing procurement achats communication informatique
    engineering support production logistique product ventes vente juridique data digital
"""
_DEPARTMENTS = frozenset(_DEPARTMENT_NAMES.split())
_LEADS_THE_FIRM = _phrases(
    "ceo, chief executive, chief executive officer, pdg, dg, dga, president, presidente, chairman,"
    "chairwoman, chairperson, managing director, directeur general, directrice generale, gerante?,"
    "general manager, owner, founder, co founder, cofounder, fondateur, fondatrice, cofondateur,"
    "cofondatrice, co fondateur, co fondatrice, dirigeante?, proprietaire, managing partner, associee?,"
    "chef d entreprise, entrepreneure?, direction generale, secretaire generale?, geschaftsfuhrer"
)


@lru_cache(maxsize=4096)
def seniority_of(title: str) -> str | None:
    """One of `SENIORITIES`; None when the title does not tell."""
    words = fold(title)
    if _PAST.search(words):
        return None
    for level, pattern in (("intern", _INTERN), ("student", _STUDENT)):
        if pattern.search(words):
            return level
    if _ASSISTANT.search(words) or _JUNIOR.search(words):
        return "entry"
    return _rank_of(words) or _occupied(words)


@lru_cache(maxsize=4096)
def function_of(title: str) -> str | None:
    """What somebody works on, such as `marketing`; None when the title does not tell."""
    words = fold(title)
    if _PAST.search(words) or _STUDENT.search(words):
        return None
    found = [
        (match.start(), -len(match[0]), name)
        for name, pattern in _ANY_FUNCTION
        if (match := pattern.search(words))
    ]
    if found:
        return min(found)[2]
    if _ASSISTANT.search(words):
        return "administration"
    return "general_management" if _LEADS_THE_FIRM.search(_VP.sub(" ", words)) else None


def _rank_of(words: str) -> str | None:
    without = _NOT_A_RANK.sub(" ", words)
    for level, pattern in _RANKS:
        if pattern.search(words if level == "vp" else without):
            return level
    return "owner" if words == "partner" else None


def _occupied(words: str) -> str | None:
    if words in _DEPARTMENTS:
        return None
    named = _OCCUPATION.search(words) or any(pattern.search(words) for _, pattern in _ANY_FUNCTION)
    return "employee" if named else None
