"""Makes things to ask about through the API itself, and writes how a caller asks about them.

usage: prepare.py BASE nobody|author|admin FOLDER
"""

import datetime
import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

base, caller, folder = sys.argv[1:]
ACCOUNTS = {
    "author": ("client@example.com", "Client-Staka-2026"),
    "admin": ("admin@example.com", "Admin-Staka-2026"),
}
LINK = r"https?://[^\"'<>\s]*"

# What the server admits on purpose although the description advises against it: whole numbers that are none mean the
# default, an empty filter means none, numbers of orders may be text, blanks around a text are not counted, what only fills
# in a form is cut, who cancels a call need not say when, whoever falls into the trap of a public form is thanked. And the
# forms that `hooks.py` fills in.
LENIENT = [
    "GET /admin/audit", "DELETE /admin/audit/cleanup", "GET /admin/audit/export", "GET /admin/audit/logs",
    "GET /admin/commandes", "GET /admin/emails", "GET /admin/factures", "GET /admin/faq", "GET /admin/logs",
    "GET /admin/pages", "GET /admin/stripe-events", "GET /admin/tarifs", "PUT /admin/tarifs/{id}", "GET /admin/users",
    "GET /commandes", "POST /commandes", "POST /commandes/create-paid-project", "GET /consultations/available-slots",
    "GET /consultations/requests", "GET /faq", "POST /files/projects/{id}/upload", "POST /files/upload",
    "POST /files/upload/message", "GET /files/user", "GET /files/user/all", "GET /invoices", "GET /messages",
    "GET /messages/conversations", "GET /messages/conversations/{id}", "GET /messages/search",
    "GET /messages/threads/{threadId}", "GET /messages/{id}", "GET /notifications", "GET /projects",
    "POST /public/contact", "GET /public/faq", "POST /public/free-sample", "POST /public/newsletter",
    "POST /public/order", "POST /public/rendez-vous/{token}", "GET /public/retractation", "POST /public/retractation",
    "POST /public/retractation/confirmer", "POST /unifiedFiles/upload",
]

# What may be refused with 400 although its form is right: links that were used, signatures, and rules over several
# fields at once.
JUDGED = [
    "GET /admin/audit", "GET /admin/audit/export", "GET /admin/audit/logs", "PUT /admin/commandes/{id}",
    "PUT /admin/commandes/{id}/assign", "GET /admin/commandes/{id}/refund", "POST /admin/commandes/{id}/refund",
    "PUT /admin/commandes/{id}/status", "GET /admin/emails", "GET /admin/factures", "POST /admin/faq",
    "PUT /admin/faq/{id}", "GET /admin/logs", "POST /admin/pages", "PATCH /admin/pages/{id}",
    "PATCH /admin/pages/{id}/publish", "PUT /admin/pages/{id}/publish", "PATCH /admin/pages/{id}/unpublish",
    "PUT /admin/pages/{id}/unpublish", "GET /admin/stripe-events", "POST /admin/stripe-events/{id}/discard",
    "POST /admin/tarifs", "PUT /admin/tarifs/{id}", "GET /admin/users", "POST /admin/users",
    "PATCH /admin/users/{id}", "PUT /admin/users/{id}", "POST /auth/activate", "POST /auth/register",
    "POST /auth/reset-password", "POST /commandes", "POST /commandes/create-paid-project", "POST /consultations/book",
    "PUT /corrector/projects/{id}/status", "POST /dev/seed-admin-test-data", "POST /dev/simulate-new-activity",
    "POST /files/projects/{id}/upload", "POST /files/upload", "POST /files/upload/message", "POST /messages",
    "POST /messages/admin/conversations/create", "POST /messages/conversations",
    "POST /messages/conversations/{id}/reply", "GET /messages/search", "GET /messages/threads/{threadId}",
    "POST /messages/threads/{threadId}/reply", "POST /messages/visitor", "POST /notifications/admin",
    "POST /payment-methods", "POST /payments/create-checkout-session", "POST /payments/methods",
    "POST /payments/webhook", "GET /public/activate/{token}", "POST /public/activate/{token}/set-password",
    "GET /public/activate/{token}/verify", "POST /public/contact", "POST /public/conversation/{token}",
    "POST /public/free-sample", "POST /public/newsletter", "POST /public/order", "POST /public/rendez-vous/{token}",
    "POST /public/retractation", "POST /public/retractation/confirmer", "POST /unifiedFiles/upload", "PUT /users/me",
    "PUT /users/me/password", "PUT /users/me/profile",
]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(NoRedirect)


def call(method, path, body=None, token=None, kind="application/json"):
    request = urllib.request.Request(urllib.parse.urljoin(base, path), method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("Content-Type", kind)
        request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with opener.open(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as answer:
        if answer.code == 303:
            return None
        raise SystemExit(f"{method} {path}: {answer.code} {answer.read().decode()}")
    return json.loads(text) if text else None


def wait_for(what, find):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            found = find()
            if found:
                return found
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{what} did not come")


def order(fields, token=None, path="/public/order", field="files"):
    """A form with one document; the answer."""
    edge = uuid.uuid4().hex
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    head = f'Content-Disposition: form-data; name="{field}"; filename="roman.txt"\r\nContent-Type: text/plain\r\n\r\n'
    parts.append(f"--{edge}\r\n{head}Il était une fois.\r\n--{edge}--\r\n")
    return call("POST", path, "".join(parts).encode(), token, f"multipart/form-data; boundary={edge}")


def session_of(placed):
    return placed["checkoutUrl"].rsplit("/", 1)[-1]


def pay(session):
    call("POST", f"/dev/stripe/checkout/{session}/pay", {})


def mail(to, template):
    """The newest mail of a kind."""
    query = urllib.parse.urlencode({"to": to})
    found = [one for one in call("GET", f"/dev/mailbox/messages?{query}") if one["template"] == template]
    return found[0] if found else None


# Where the links of mails have their secrets.
SECRET = re.compile(
    r"(?:token=|/activate/|/activation/|/commande-offerte/|/mes-donnees/|/public/conversation/|/rendez-vous/"
    r"|/newsletter/confirm/|/newsletter/leave/)([A-Za-z0-9_-]{20,})"
)


def secret(letter):
    """The secret of a mail's link."""
    for link in re.findall(LINK, letter["html"]):
        found = re.search(SECRET, link)
        if found:
            return found[1]
    raise SystemExit(f"no link in {letter['template']}")


def guest(tarif):
    """Someone who ordered and paid without an account: their address, and the order as it was pending."""
    address = f"{uuid.uuid4().hex}@example.com"
    identity = {"prenom": "Jeanne", "nom": "Dupont", "email": address, "telephone": "0601020304", "consentementRgpd": "true"}
    placed = order(identity | {"serviceId": tarif, "titre": "Un essai", "nombrePages": "120"})
    pay(session_of(placed))
    return address, placed["pendingCommandeId"]


def offer(tarif):
    """The secret of the link that confirms an order which costs nothing."""
    address = f"{uuid.uuid4().hex}@example.com"
    identity = {"prenom": "Jeanne", "nom": "Dupont", "email": address, "telephone": "0601020304", "consentementRgpd": "true"}
    order(identity | {"serviceId": tarif, "titre": "Un conte", "nombrePages": "5"})
    return secret(wait_for("the mail of the offered order", lambda: mail(address, "order-to-confirm")))


def card(token):
    """A card its owner keeps."""
    name = f"pm_mock_{uuid.uuid4().hex}"
    return call("POST", "/payment-methods", {"paymentMethodId": name}, token)["paymentMethod"]["id"]


def conversation():
    """The secret of the page on which a visitor reads the team's answer."""
    address = f"{uuid.uuid4().hex}@example.com"
    call("POST", "/messages/visitor", {"name": "Jean Petit", "email": address, "phone": "0601020304", "content": "Bonjour"})
    team = call("POST", "/auth/login", dict(zip(("email", "password"), ACCOUNTS["admin"])))["token"]
    call("POST", f"/messages/threads/{address}/reply", {"content": "Bonjour !"}, team)
    return secret(wait_for("the team's answer", lambda: mail(address, "visitor-reply")))


def call_booked():
    """A booked call: the secret of its page, the message it is, and its day and time. Each caller takes another slot."""
    address = f"{uuid.uuid4().hex}@example.com"
    who = {"firstName": "Jeanne", "lastName": "Dupont", "email": address, "phone": "0601020304"}
    day, time_of_day = free_slot()
    booked = call("POST", "/consultations/book", who | {"date": day, "time": time_of_day})
    letter = wait_for("the mail of the booked call", lambda: mail(address, "consultation-user"))
    return secret(letter), booked["data"]["messageId"]


def free_slot():
    """The last free slot of those that can be booked."""
    today = datetime.date.today()
    for ahead in range(13, 0, -1):
        day = (today + datetime.timedelta(days=ahead)).isoformat()
        for slot in reversed(call("GET", f"/consultations/available-slots?date={day}")["slots"]):
            if slot["available"]:
                return day, slot["time"]
    raise SystemExit("no slot is free")


def reader():
    """Someone who has the newsletter: the secrets of the links that confirm it and leave it."""
    address = f"{uuid.uuid4().hex}@example.com"
    call("POST", "/public/newsletter", {"email": address})
    confirm = secret(wait_for("the mail of the newsletter", lambda: mail(address, "newsletter-confirmation")))
    press(f"/public/newsletter/confirm/{confirm}")
    return confirm, secret(wait_for("the welcome of the newsletter", lambda: mail(address, "newsletter-welcome")))


def press(path):
    """Presses the button of a page."""
    with opener.open(urllib.request.Request(urllib.parse.urljoin(base, path), method="POST"), timeout=30) as answer:
        answer.read()


def content(author):
    """Questions, pages and lines of the price list, for those who read them and those who write them."""
    admin = call("POST", "/auth/login", dict(zip(("email", "password"), ACCOUNTS["admin"])))["token"]

    def faq():
        body = {"question": "Combien de temps ?", "answer": "Dix jours environ.", "categorie": "Délais"}
        return call("POST", "/admin/faq", body, admin)["data"]["id"]

    def page(status="DRAFT"):
        body = {"title": "Une page", "slug": uuid.uuid4().hex, "content": "Un texte.", "status": status}
        return call("POST", "/admin/pages", body, admin)["data"]["id"]

    def tarif():
        body = {"nom": uuid.uuid4().hex, "description": "Une relecture.", "prix": 5000, "typeService": "Relecture", "actif": False}
        return call("POST", "/admin/tarifs", body, admin)["data"]["id"]

    def someone(role="USER"):
        body = {"prenom": "Zoé", "nom": "Durand", "email": f"{uuid.uuid4().hex}@example.com", "password": "Manuscrit-2026",
                "role": role}
        return call("POST", "/admin/users", body, admin)["user"]["id"]

    slugs = ["cgv", "mentions-legales"]
    found = {
        "GET /pages/slug/{slug}": {"path.slug": slugs},
        "GET /public/pages/{slug}": {"path.slug": slugs},
        "GET /admin/pages/slug/{slug}": {"path.slug": slugs},
        "POST /admin/faq": {
            "body.question": ["Combien de temps ?"], "body.answer": ["Dix jours environ."], "body.categorie": ["Délais"],
        },
        "POST /admin/pages": {
            "body.title": ["Une page"], "body.slug": [uuid.uuid4().hex for _ in range(8)], "body.content": ["Un texte."],
            "body.status": ["DRAFT"],
        },
        "POST /admin/users": {
            "body.prenom": ["Jeanne"], "body.nom": ["Dupont"],
            "body.email": [f"{uuid.uuid4().hex}@example.com" for _ in range(8)],
        },
        "POST /admin/tarifs": {
            "body.nom": [uuid.uuid4().hex for _ in range(8)], "body.description": ["Une relecture."], "body.prix": [5000],
            "body.typeService": ["Relecture"],
        },
    }
    for section, make in (("faq", faq), ("pages", page), ("tarifs", tarif)):
        kept, gone = make(), make()
        for verb in ("GET", "PATCH" if section == "pages" else "PUT"):
            found[f"{verb} /admin/{section}/{{id}}"] = {"path.id": [kept]}
        found[f"DELETE /admin/{section}/{{id}}"] = {"path.id": [gone]}
        if section == "tarifs":
            found["POST /admin/tarifs/{id}/sync-stripe"] = {"path.id": [kept]}
    for section in ("emails", "stripe-events"):
        known = [one["id"] for one in call("GET", f"/admin/{section}?limit=1", token=admin)["data"]]
        if known:
            found[f"GET /admin/{section}/{{id}}"] = {"path.id": known}
    corrector = someone("CORRECTOR")
    mine = call("GET", "/admin/commandes?limit=1", token=admin)["data"][0]["id"]
    paid = call("GET", "/admin/commandes?statut=PAYEE&limit=1", token=admin)["data"]
    found["PUT /admin/commandes/{id}/assign"] = {"path.id": [mine], "body.correcteurId": [corrector]}
    if paid:
        found["POST /admin/commandes/{id}/refund"] = {"path.id": [paid[0]["id"]], "body.amount": [100]}
    billed = call("GET", "/admin/factures?limit=1", token=admin)["invoices"][0]["id"]
    found["PUT /admin/factures/{id}"] = {"path.id": [billed], "body.statut": ["PAYEE"]}
    kept = someone()
    for way in ("GET {id}", "PUT {id}", "PATCH {id}", "PUT {id}/role", "PUT {id}/status", "PATCH {id}/toggle-status",
                "PUT {id}/activate", "PUT {id}/deactivate"):
        found[way.replace(" ", " /admin/users/")] = {"path.id": [kept]}
    found["DELETE /admin/users/{id}"] = {"path.id": [someone()]}
    for verb in ("PATCH", "PUT"):
        found[f"{verb} /admin/pages/{{id}}/publish"] = {"path.id": [page()]}
        found[f"{verb} /admin/pages/{{id}}/unpublish"] = {"path.id": [page("PUBLISHED")]}
    return found


def invitation(address):
    return secret(wait_for("the activation's mail", lambda: mail(address, "activation-user")))


def things():
    """Parameters of operations, by name of the operation."""
    token = call("POST", "/auth/login", dict(zip(("email", "password"), ACCOUNTS["author"])))["token"]
    tarifs = call("GET", "/tarifs")["data"]
    tarif = tarifs[0]["id"]
    offered = offer(next(one["id"] for one in tarifs if one["prixFormate"].endswith("/page")))
    paid = order({"serviceId": tarif, "titre": "Un roman", "nombrePages": "120"}, token, "/commandes/create-paid-project")
    session = session_of(paid)
    pay(session)
    # Each link of an activation works once.
    guests = [guest(tarif) for _ in range(3)]
    invoice = wait_for("the invoice", lambda: call("GET", "/invoices", token=token)["invoices"])[0]["id"]
    letter = wait_for("the invoice's mail", lambda: mail(ACCOUNTS["author"][0], "invoice-user"))
    looked_at, chosen, activated = [invitation(address) for address, _ in guests]
    forgetful = {"prenom": "Zoé", "nom": "Durand", "email": f"{uuid.uuid4().hex}@example.com", "password": "Manuscrit-2026"}
    call("POST", "/auth/register", forgetful)
    call("POST", "/auth/request-password-reset", {"email": forgetful["email"]})
    reset = secret(wait_for("the reset's mail", lambda: mail(forgetful["email"], "reset-password")))
    call("GET", "/users/me/export", token=token)
    export = secret(wait_for("the export's mail", lambda: mail(ACCOUNTS["author"][0], "data-export")))
    (appointment, request), (day, time_of_day) = call_booked(), free_slot()
    # Who left has no subscription to confirm.
    (confirmed, _), (_, left) = reader(), reader()
    commande = call("GET", "/commandes", token=token)["commandes"][0]["id"]
    document = call("GET", f"/projects/{commande}/files", token=token)["files"][0]["id"]
    # Each can be taken away once.
    spare = [order({}, token, f"/files/projects/{commande}/upload", "file")["fileId"] for _ in range(2)]
    bells = [one["id"] for one in call("GET", "/notifications?limit=50", token=token)["notifications"]]
    unpaid = call("POST", "/commandes", {"titre": "Une nouvelle", "pack": tarif, "pages": 120}, token)["commande"]["id"]
    declaration = {"nom": "Jeanne Dupont", "email": f"{uuid.uuid4().hex}@example.com"}
    withdrawal = call("POST", "/public/retractation", declaration)["jeton"]
    cards = [card(token) for _ in range(3)]
    page = conversation()
    written = [call("POST", "/messages/conversations", {"content": f"Message {number}"}, token) for number in range(3)]
    client = call("GET", "/auth/me", token=token)["id"]
    thread = client if caller == "admin" else "admin-support"
    message, gone = written[0]["data"]["id"], written[1 if caller == "admin" else 2]["data"]["id"]
    found = {
        "POST /commandes/{id}/retractation": {"path.id": [unpaid]},
        "POST /public/retractation": {"body.nom": ["Jeanne"], "body.email": [declaration["email"]]},
        "POST /public/retractation/confirmer": {"body.jeton": [withdrawal]},
        "POST /payment-methods": {"body.paymentMethodId": ["pm_mock_fuzzed"]},
        "POST /payments/methods": {"body.paymentMethodId": ["pm_mock_fuzzed"]},
        "PUT /payment-methods/{id}/default": {"path.id": cards[:1]},
        "PUT /payments/methods/{id}/default": {"path.id": cards[:1]},
        "DELETE /payment-methods/{id}": {"path.id": cards[1:2]},
        "DELETE /payments/methods/{id}": {"path.id": cards[2:]},
        "GET /commandes/{id}": {"path.id": [commande]},
        "GET /admin/commandes/{id}": {"path.id": [commande]},
        "PUT /admin/commandes/{id}": {"path.id": [commande], "body.priorite": ["HAUTE"]},
        "GET /admin/commandes/{id}/refund": {"path.id": [commande]},
        "GET /projects/{id}/files": {"path.id": [commande]},
        "GET /files/projects/{id}/files": {"path.id": [commande]},
        "GET /files/download/{id}": {"path.id": [document]},
        "GET /files/{id}/download": {"path.id": [document]},
        "GET /unifiedFiles/{id}": {"path.id": [document]},
        "POST /files/projects/{id}/upload": {"path.id": [commande]},
        "DELETE /files/{id}": {"path.id": spare[:1]},
        "DELETE /files/projects/{id}/files/{fileId}": {"path.id": [commande], "path.fileId": spare[1:]},
        "GET /invoices/{id}": {"path.id": [invoice]},
        "GET /invoices/{id}/download": {"path.id": [invoice]},
        "GET /payments/status/{sessionId}": {"path.sessionId": [session]},
        "POST /payments/create-checkout-session": {"body.commandeId": [unpaid]},
        "POST /payments/dev-webhook-simulate": {"body.sessionId": [session]},
        "GET /public/order/{id}": {"path.id": [guests[0][1]]},
        "GET /public/commande-offerte/{token}": {"path.token": [offered]},
        "POST /public/commande-offerte/{token}": {"path.token": [offered]},
        "GET /public/mes-donnees/{token}": {"path.token": [export]},
        "POST /public/mes-donnees/{token}": {"path.token": [export]},
        "GET /public/conversation/{token}": {"path.token": [page]},
        "POST /public/conversation/{token}": {"path.token": [page]},
        "GET /messages/threads/{threadId}": {"path.threadId": [thread]},
        "POST /messages/threads/{threadId}/reply": {"path.threadId": [thread], "body.content": ["Bonjour"]},
        "GET /messages/{id}": {"path.id": [thread]},
        "GET /messages/conversations/{id}": {"path.id": [thread]},
        "POST /messages/conversations/{id}/reply": {"path.id": [thread], "body.content": ["Bonjour"]},
        "POST /messages/conversations/{id}/mark-read": {"path.id": [thread]},
        "PATCH /messages/conversations/{id}/archive": {"path.id": [thread]},
        "PATCH /messages/conversations/{id}/unarchive": {"path.id": [thread]},
        "POST /messages/conversations": {"body.content": ["Bonjour"], "body.userId": [client]},
        "POST /messages": {"body.content": ["Bonjour"], "body.userId": [client]},
        "POST /messages/admin/conversations/create": {"body.content": ["Bonjour"], "body.userId": [client]},
        "DELETE /messages/admin/conversations/{threadId}": {"path.threadId": [client]},
        "PUT /messages/{id}": {"path.id": [message]},
        "PUT /messages/{id}/read": {"path.id": [message]},
        "PUT /messages/{id}/archive": {"path.id": [message]},
        "DELETE /messages/{id}": {"path.id": [gone]},
        "GET /consultations/available-slots": {"query.date": [day]},
        "POST /consultations/book": {"body.date": [day], "body.time": [time_of_day]},
        "PUT /consultations/requests/{id}": {"path.id": [request]},
        "GET /public/rendez-vous/{token}": {"path.token": [appointment]},
        "POST /public/rendez-vous/{token}": {"path.token": [appointment], "body.action": ["annuler"]},
        "GET /public/newsletter/confirm/{token}": {"path.token": [confirmed]},
        "POST /public/newsletter/confirm/{token}": {"path.token": [confirmed]},
        "GET /public/newsletter/leave/{token}": {"path.token": [left]},
        "POST /public/newsletter/leave/{token}": {"path.token": [left]},
        "GET /public/activate/{token}": {"path.token": [looked_at]},
        "GET /public/activate/{token}/verify": {"path.token": [looked_at]},
        "POST /public/activate/{token}/set-password": {"path.token": [chosen], "body.password": ["Manuscrit-2026"]},
        "POST /auth/activate": {"body.token": [activated], "body.password": ["Manuscrit-2026"]},
        "POST /auth/reset-password": {"body.token": [reset], "body.newPassword": ["Manuscrit-2027"]},
        "POST /auth/login": {"body.email": [ACCOUNTS["author"][0]], "body.password": [ACCOUNTS["author"][1]]},
        "POST /auth/register": {"body.password": ["Manuscrit-2026"]},
        "POST /notifications/admin": {"body.actionUrl": ["/admin/commandes"]},
        "GET /dev/emails/{kind}/{example}": {"path.kind": ["welcome-user"]},
        "GET /dev/mailbox/messages/{id}/attachments/{filename}": {
            "path.id": [letter["id"]], "path.filename": [letter["attachments"][0]["filename"]],
        },
    }
    found |= content(token)
    with open(f"{folder}/tarif", "w", encoding="utf-8") as file:
        file.write(tarif)
    for verb in ("PUT", "PATCH"):
        found[f"{verb} /notifications/{{id}}/read"] = {"path.id": bells[1:]}
    found["DELETE /notifications/{id}"] = {"path.id": bells[:1]}
    for link in re.findall(LINK, letter["html"]) + re.findall(LINK, letter["text"]):
        way_out = re.search(r"/public/unsubscribe/([^/]+)/([^/?#]+)", link)
        if way_out:
            for verb in ("GET", "POST"):
                found[f"{verb} /public/unsubscribe/{{userId}}/{{token}}"] = {
                    "path.userId": [way_out[1]], "path.token": [way_out[2]],
                }
    return found


def write(parameters, token):
    lines = ["[generation]", "deterministic = true", ""]
    if token:
        lines += ["[headers]", f'Authorization = "Bearer {token}"', ""]
    names = {}
    for operation, values in parameters.items():
        for key, texts in values.items():
            name = names[operation, key] = f"d{len(names)}"
            lines += [f"[dictionaries.{name}]", f"values = {json.dumps(texts)}", ""]
    for operation in sorted({*parameters, *LENIENT, *JUDGED}):
        lines += ["[[operations]]", f"include-name = {json.dumps(operation)}"]
        bound = [
            f"{json.dumps(key)} = {json.dumps(texts[0])}"
            if key.startswith("path.")
            else f'{json.dumps(key)} = {{ dictionary = "{names[operation, key]}", probability = 0.7 }}'
            for key, texts in parameters.get(operation, {}).items()
        ]
        if bound:
            lines += ["[operations.parameters]", *bound]
        if operation in LENIENT:
            lines += ["[operations.checks.negative_data_rejection]", "enabled = false"]
        if operation in JUDGED:
            expected = '["2xx", "3xx", "400", "401", "403", "404", "409", "413", "415", "429", "5xx"]'
            lines += ["[operations.checks.positive_data_acceptance]", f"expected-statuses = {expected}"]
        lines.append("")
    # The session that asks would be gone.
    for operation in ("PUT /users/me/deactivate", "DELETE /users/me", "POST /dev/reset-database"):
        lines += ["[[operations]]", f'include-name = "{operation}"', "enabled = false", ""]
    if caller != "admin":
        # Whoever comes last empties the mailbox, whose mails the others read.
        lines += ["[[operations]]", 'include-name = "DELETE /dev/mailbox/messages"', "enabled = false", ""]
    with open(f"{folder}/{caller}.json", "w", encoding="utf-8") as file:
        json.dump(parameters, file)
    with open(f"{folder}/{caller}.toml", "w", encoding="utf-8") as config:
        config.write("\n".join(lines))


wait_for("the server", lambda: call("GET", "/health/ready"))
account = ACCOUNTS.get(caller)
token = account and call("POST", "/auth/login", dict(zip(("email", "password"), account)))["token"]
write(things(), token)
