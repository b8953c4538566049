"""Providers of free mail: an address there says nothing about a company."""

from __future__ import annotations

_PROVIDERS = """
    aol.com bbox.fr bluewin.ch bt.com btinternet.com btopenworld.com comcast.net email.com fastmail.com
    free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.fr gmx.net googlemail.com hey.com
    hotmail.be hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com
    inbox.com laposte.net libero.it live.be live.co.uk live.com live.fr live.nl mac.com mail.com mail.ru
    me.com msn.com neuf.fr ntlworld.com numericable.fr orange.fr outlook.be outlook.com outlook.de
    outlook.es outlook.fr pm.me posteo.de proton.me protonmail.com protonmail.ch qq.com rocketmail.com
    sfr.fr skynet.be sky.com t-online.de talktalk.net telenet.be tiscali.it tutanota.com virgilio.it
    virginmedia.com voila.fr wanadoo.fr web.de yahoo.ca yahoo.co.uk yahoo.com yahoo.de yahoo.es yahoo.fr
    yahoo.it yandex.com yandex.ru ymail.com ziggo.nl zoho.com zoznam.sk
"""
FREE_MAIL = frozenset(_PROVIDERS.split())
