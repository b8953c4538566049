"""Industries: the words of HubSpot and Salesforce, and ours.

Both vendors' picklists in one table; labels and API values fold to the same key
(`Computer Software` and `COMPUTER_SOFTWARE`). Our own words stand for themselves.

Source: https://knowledge.hubspot.com/properties/hubspot-crm-default-company-properties and
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_account.htm,
seen 2026-11.
"""

from __future__ import annotations

from stagesync.domain.text import fold

# Our word, then the folded words of both vendors: no two of them use one word for two trades.
_ROWS = """
agriculture: agriculture, dairy, farming, fishery, ranching, forestry
arts: arts and crafts, fine art, museums and institutions, performing arts, libraries
chemicals: chemicals, plastics
charity: non profit organization management, not for profit, nonprofit, philanthropy, fund raising, civic social organization, religious institutions, individual family services, think tanks, political organization
construction: construction, building materials, civil engineering, architecture planning, engineering, glass ceramics concrete
education: education, education management, higher education, e learning, primary secondary education, professional training coaching
energy: energy, oil energy, utilities, mining metals
environment: environmental, environmental services, renewables environment
financial_services: financial services, finance, banking, insurance, capital markets, investment banking, investment management, venture capital private equity
food_and_beverage: food beverage, food beverages, food production, wine and spirits
government: government, government administration, government relations, public policy, public safety, legislative office, executive office, judiciary, law enforcement, military, international affairs
healthcare: healthcare, hospital health care, health wellness and fitness, medical practice, medical devices, mental health care, pharmaceuticals, biotechnology, alternative medicine, veterinary
hospitality: hospitality, restaurants, leisure travel tourism, events services
internet: internet, online media
leisure: entertainment, recreation, recreational facilities and services, gambling casinos, sports, computer games, mobile games, music
logistics: transportation, shipping, transportation trucking railroad, logistics and supply chain, package freight delivery, warehousing, maritime, airlines aviation, import and export, international trade and development
manufacturing: manufacturing, automotive, aviation aerospace, defense space, machinery, mechanical or industrial engineering, electrical electronic manufacturing, electronics, industrial automation, computer hardware, semiconductors, nanotechnology, packaging and containers, paper forest products, railroad manufacture, shipbuilding, printing
media: media, media production, broadcast media, motion pictures and film, animation, newspapers, publishing, photography
professional_services: consulting, accounting, management consulting, legal services, law practice, human resources, staffing and recruiting, marketing and advertising, public relations and communications, market research, design, graphic design, outsourcing offshoring, translation and localization, writing and editing, program development, research, security and investigations, facilities services, alternative dispute resolution, information services
real_estate: real estate, commercial real estate
retail: retail, consumer goods, consumer electronics, cosmetics, furniture, sporting goods, tobacco, luxury goods jewelry, apparel fashion, apparel, textiles, supermarkets, wholesale, consumer services, business supplies and equipment
software: software, technology, computer software, information technology and services, computer network security, computer networking
telecommunications: telecommunications, communications, wireless
"""

SAYS_NOTHING = frozenset({"other", "unknown", "none"})
"""Folded choices that name no industry."""


def _read_rows() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _ROWS.strip().splitlines():
        word, names = row.split(": ")
        for name in (word, *names.split(", ")):
            found[fold(name)] = word
    return found


_WORDS = _read_rows()

INDUSTRIES = frozenset(_WORDS.values())
"""Our words."""


def industry_of(text: str) -> str | None:
    """Our word for a vendor's industry; None when it is not known."""
    return _WORDS.get(fold(text))
