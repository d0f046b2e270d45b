"""Documents are read as strictly as Twilio reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.simulators.twiml import BadDocument, read

GOLDEN = Path(__file__).parents[1] / "channels" / "phone" / "golden"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.xml")), ids=lambda path: path.stem)
def test_every_document_of_the_house_is_read(path):
    read(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<Response><Say>好</Response>", 12100),
        ('<!DOCTYPE x [<!ENTITY a "b">]><Response>&a;</Response>', 12100),
        ("<Answer/>", 12200),
        ("<Response><Speak/></Response>", 12200),
        ("<Response><Gather><Dial/></Gather></Response>", 12200),
        ('<Response><Gather num_digits="1"/></Response>', 12200),
        ("<Response>" + "<Say>好</Say>" * 8000 + "</Response>", 11750),
    ],
)
def test_what_twilio_stumbles_over_is_refused(body, code):
    with pytest.raises(BadDocument) as caught:
        read(body)
    assert caught.value.code == code
