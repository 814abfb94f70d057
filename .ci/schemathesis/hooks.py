"""Fills in the forms whose fields depend on each other, and notes which operations succeeded."""

import json
import os
import uuid

import schemathesis

FORMS = ("/public/order", "/commandes/create-paid-project", "/public/free-sample")
DOCUMENTS = ("/files/projects/{id}/upload", "/files/upload", "/unifiedFiles/upload", "/files/upload/message")
# Values by operation and `path.…`, `query.…` or `body.…`.
with open(os.environ["VALUES"], encoding="utf-8") as file:
    VALUES = json.load(file)
asked = 0


def values(case, place):
    """What was prepared for an operation's path, query or body, by name."""
    prepared = VALUES.get(f"{case.method.upper()} {case.operation.path}", {})
    return {key.removeprefix(f"{place}."): texts for key, texts in prepared.items() if key.startswith(f"{place}.")}


@schemathesis.hook
def filter_case(context, case):
    """Leaves out bad values of what a path names when a good one takes their place."""
    place = getattr(case.meta and case.meta.phase.data, "parameter_location", None)
    return place != "path" or case.meta.generation.mode.is_positive or not values(case, "path")


@schemathesis.hook
def before_call(context, case, kwargs):
    global asked
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    asked += 1
    # Which of its fields a form needs is often decided by the others.
    fields = values(case, "body")
    if fields and asked % 2 and isinstance(case.body, dict):
        case.body |= {name: texts[asked // 2 % len(texts)] for name, texts in fields.items()}
        return
    if case.operation.path not in FORMS + DOCUMENTS:
        return
    # Half of them stay as they were made.
    if asked % 2 and case.operation.path == "/public/free-sample":
        address = f"{uuid.uuid4().hex}@example.com"
        case.body = {"nom": "Jeanne Dupont", "email": address, "telephone": "0601020304", "genre": "roman"}
    elif asked % 2 and case.operation.path in DOCUMENTS:
        case.body = {"description": "Un texte"}
        kwargs["files"] = {"file": ("roman.txt", b"Une histoire.", "text/plain")}
    elif asked % 2:
        case.body = {
            "prenom": "Jeanne",
            "nom": "Dupont",
            "email": f"{uuid.uuid4().hex}@example.com",
            "telephone": "0601020304",
            "consentementRgpd": "true",
            "serviceId": os.environ["TARIF"],
            "titre": "Un essai",
            "nombrePages": "120",
        }


@schemathesis.hook
def after_call(context, case, response):
    if 200 <= response.status_code < 300:
        with open(os.environ["SEEN"], "a", encoding="utf-8") as seen:
            seen.write(f"{case.method.upper()} {case.operation.path}\n")
