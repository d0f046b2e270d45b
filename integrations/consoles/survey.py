"""The survey page (满意度评价) behind the link a citizen was sent: three questions, answered once."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles import forms
from integrations.consoles.pages import PAGES, render
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from ticketing import surveys
from ticketing.city import City
from ticketing.errors import Conflict, Invalid
from ticketing.surveys import SurveyAnswer, SurveyPage

_YES_NO = {"yes": True, "no": False, "unsure": None}


async def survey_page(request: web.Request) -> web.Response:
    """`GET /s/{token}`: the questions, or thanks when they are answered."""
    page = await _open(request)
    return render(request, "survey.html", page=page, result=None, error=None, given={})


async def submit_survey(request: web.Request) -> web.Response:
    """`POST /s/{token}`: keep the answer; a second one is thanked for and changes nothing."""
    house, form = request.app[HOUSE], await forms.read(request)
    try:
        answer = answer_of(form)
        result = await house.database.writing(_submit, house.city, request.match_info["token"], answer)
    except Conflict:
        result = None  # answered before, or too late: the page says which
    except Invalid as error:
        words = request.app[PAGES].words.error(error)
        page, given = await _open(request), {name: form.text(name, forms.LONG) for name in _FIELDS}
        return render(request, "survey.html", status=422, page=page, result=None, error=words, given=given)
    if result is not None:
        await after_change(request)
    return render(request, "survey.html", page=await _open(request), result=result, error=None, given={})


_FIELDS = ("contacted", "resolved", "department_rating", "hotline_rating", "reason")


async def _open(request: web.Request) -> SurveyPage:
    house = request.app[HOUSE]
    return await house.database.reading(_open_survey, house.city, request.match_info["token"])


def _open_survey(session: Session, city: City, token: str) -> SurveyPage:
    return surveys.open_survey(session, city, token, now())


def _submit(session: Session, city: City, token: str, answer: SurveyAnswer) -> surveys.Result:
    return surveys.submit(session, city, token, answer, now())


def answer_of(form: forms.Form) -> SurveyAnswer:
    """The answers of a submitted survey, by the citizen or by a callback officer."""
    rating = form.number("department_rating")
    if rating is None:
        raise Invalid("rating_missing", field="department_rating")
    return SurveyAnswer(
        contacted=form.choice("contacted", _YES_NO),
        resolved=form.choice("resolved", _YES_NO),
        department_rating=rating,
        hotline_rating=form.number("hotline_rating"),
        reason=form.optional("reason", surveys.MAX_REASON),
    )
