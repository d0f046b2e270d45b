"""The schema of one service guide (办事指南): an item, the region it holds for, and a cell for every element.

The elements are those of `nlu_data/catalogue/elements.csv`. A cell that the source does not state is absent,
and the bot then says so (“指南未载明”); a cell that differs from city to city has `local` and names who decides.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
RegionCode = Annotated[str, StringConstraints(pattern=r"^\d{6}(\d{3})?$")]
NATIONAL: RegionCode = "000000"


class Element(StrEnum):
    """要素: what can be asked about a service item."""

    OVERVIEW = "overview"
    CONDITIONS = "conditions"
    MATERIALS = "materials"
    PROCESS = "process"
    TIME_LIMIT = "time_limit"
    FEE = "fee"
    LOCATION = "location"
    HOURS = "hours"
    ONLINE = "online"
    CONTACT = "contact"
    LEGAL_BASIS = "legal_basis"
    RESULT = "result"
    PROXY = "proxy"
    PROGRESS = "progress"


class Strict(BaseModel):
    """Base of the schema: unknown fields are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Law(Strict):
    """A law, rule or document, with the article that says it: 《居民身份证法》第十一条."""

    name: Text
    article: Text | None = None
    note: Text | None = None

    def __str__(self) -> str:
        return f"《{self.name.strip('《》')}》{self.article or ''}"


class Material(Strict):
    """One row of the checklist (申请材料)."""

    name: Text
    originals: int = Field(default=1, ge=0)
    copies: int = Field(default=0, ge=0)
    source: Text | None = None
    electronic: bool | None = None
    when: Text | None = None


class Step(Strict):
    """One step of the process (办理流程): what happens, who does it, how long it takes."""

    name: Text
    who: Text | None = None
    time: Text | None = None


class Duration(Strict):
    """A time limit; 工作日 and 自然日 are different things and never converted."""

    value: int = Field(ge=0)
    unit: Literal["工作日", "日", "小时", "个月", "年", "当场"]

    def __str__(self) -> str:
        return "当场办结" if self.unit == "当场" else f"{self.value}{'个' if self.unit == '工作日' else ''}{self.unit}"


class FeeItem(Strict):
    """One charge in yuan, per piece of work."""

    name: Text
    yuan: float = Field(ge=0)
    per: Text | None = None
    when: Text | None = None


class Cell(Strict):
    """What the guide says on one element, in plain words.

    `local` means the text holds everywhere but the details are the city's own; `decided_by` then names who knows.
    """

    text: Text
    basis: tuple[Law, ...] = ()
    local: bool = False
    decided_by: Text | None = None

    @model_validator(mode="after")
    def _local_names_who_decides(self) -> Self:
        if self.local and not self.decided_by:
            raise ValueError("a local cell must say who decides (decided_by)")
        return self


class MaterialsCell(Cell):
    """Application materials (申请材料) as a checklist."""

    rows: tuple[Material, ...] = ()


class ProcessCell(Cell):
    """The process (办理流程) in order."""

    steps: tuple[Step, ...] = ()


class TimeLimitCell(Cell):
    """Statutory and promised time limits (法定时限, 承诺时限)."""

    statutory: Duration | None = None
    promised: Duration | None = None


class FeeCell(Cell):
    """Charges (收费标准), each with its amount."""

    items: tuple[FeeItem, ...] = ()


class ResultCell(Cell):
    """What one receives (结果) and how long it is valid."""

    certificate: Text | None = None
    validity: Text | None = None


class ContactCell(Cell):
    """Telephones for enquiries (咨询电话)."""

    phones: tuple[Text, ...] = ()


class OnlineCell(Cell):
    """Whether and where it can be done online (网上办理)."""

    url: Text | None = None


class Cells(Strict):
    """One optional cell an element; the overview (一次性告知) is composed from the others."""

    conditions: Cell | None = None
    materials: MaterialsCell | None = None
    process: ProcessCell | None = None
    time_limit: TimeLimitCell | None = None
    fee: FeeCell | None = None
    location: Cell | None = None
    hours: Cell | None = None
    online: OnlineCell | None = None
    contact: ContactCell | None = None
    legal_basis: Cell | None = None
    result: ResultCell | None = None
    proxy: Cell | None = None
    progress: Cell | None = None

    def get(self, element: Element) -> Cell | None:
        """The cell of an element; None when the guide does not state it (always None for the overview)."""
        return None if element is Element.OVERVIEW else getattr(self, element.value)


class Guide(Strict):
    """One service item as it holds in one region, with its owner and review dates.

    `place` names the region in words; `variant` (情形) tells it from another item of the same name; `facts` keeps what
    the source says beside the elements, under the source's own headings.
    """

    code: Text
    name: Text
    department: Text
    department_code: Text | None = None
    region: RegionCode = NATIONAL
    place: Text | None = None
    variant: Text | None = None
    audience: tuple[Text, ...] = ()
    theme: Text | None = None
    summary: Text | None = None
    aliases: tuple[Text, ...] = ()
    examples: dict[Element, tuple[Text, ...]] = {}
    cells: Cells
    refusals: tuple[Text, ...] = ()
    facts: dict[Text, Text] = {}
    source: Text
    source_url: Text | None = None
    reviewed: date
    review_due: date
