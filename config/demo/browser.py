"""A person at the admin's pages: reads forms, fills them in, presses buttons, over real HTTP."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


class PageRefused(RuntimeError):
    """A page answered with an error or without what a person would look for there."""


@dataclass
class Form:
    """One form of a page, with the fields as the page filled them in."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # name, value, text


class _Forms(HTMLParser):
    """Collects forms, and the messages that the admin shows."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._is_multiple = False
        self._area: str | None = None
        self._button: list[str] | None = None
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            kind = given.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in given:
                return
            if kind in ("submit", "button", "file"):
                if kind == "submit":
                    self._form.buttons.append(
                        (name, given.get("value", ""), given.get("value", ""))
                    )
                return
            default = "on" if kind in ("checkbox", "radio") else ""
            self._form.fields.append((name, given.get("value", default)))
        elif tag == "select":
            self._select, self._options = name, []
            self._is_multiple = "multiple" in given
        elif tag == "option" and self._select:
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._area = name
            self._form.fields.append((name, ""))
        elif tag == "button":
            self._button = [name, given.get("value", ""), ""]

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button[2] += data
        if self._area is not None and self._form is not None:
            self._form.fields[-1] = (self._area, self._form.fields[-1][1] + data.removeprefix("\n"))
        if data.strip():
            self.text.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select and self._form is not None:
            chosen = [value for value, is_selected in self._options if is_selected]
            if not chosen and not self._is_multiple:
                chosen = [value for value, _ in self._options[:1]]  # as browsers do
            self._form.fields += [(self._select, value) for value in chosen]
            self._select = None
        elif tag == "textarea":
            self._area = None
        elif tag == "button" and self._button is not None:
            name, value, text = self._button
            if self._form is not None:
                self._form.buttons.append((name, value, " ".join(text.split())))
            self._button = None


class Browser:
    """A session with cookies; `page` is what the last step led to."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.page: requests.Response | None = None

    def go(self, path: str) -> "Browser":
        self.page = self._checked(self.session.get(urljoin(self.base_url, path), timeout=60))
        return self

    def form(self, having: str = "", button: str = "") -> Form:
        """The first form of the page with a field `having`, or with a button of that text."""
        for form in self._parsed().forms:
            names = {name for name, _ in form.fields}
            texts = {text for _, _, text in form.buttons}
            if (not having or having in names) and (not button or button in texts):
                return form
        raise PageRefused(f"{self.page.url} has no form with {having or button!r}")

    def submit(self, form: Form, press: str = "", **filled: str | list[str]) -> "Browser":
        """Send the form with the fields that a person filled in or chose."""
        fields = [(name, value) for name, value in form.fields if name not in filled]
        for name, value in filled.items():
            fields += [(name, one) for one in (value if isinstance(value, list) else [value])]
        for name, value, text in form.buttons:
            if press and text == press and name:
                fields.append((name, value))
        address = urljoin(self.page.url, form.action or self.page.url)
        headers = {"Referer": self.page.url}
        send = self.session.post if form.method == "post" else self.session.get
        given = {"data": fields} if form.method == "post" else {"params": fields}
        self.page = self._checked(send(address, headers=headers, timeout=60, **given))
        if "Please correct the error" in self.page.text:
            words = " ".join(self._parsed().text)
            told = words.partition("Please correct the error")[2][:600]
            raise PageRefused(f"{self.page.url} refused the form: {told}")
        return self

    def press(self, text: str) -> "Browser":
        """Press the button of that text on the page."""
        return self.submit(self.form(button=text), press=text)

    def expect(self, words: str) -> "Browser":
        if words not in " ".join(self._parsed().text):
            raise PageRefused(f"{self.page.url} does not say {words!r}")
        return self

    def _parsed(self) -> _Forms:
        parser = _Forms()
        parser.feed(self.page.text)
        return parser

    @staticmethod
    def _checked(answer: requests.Response) -> requests.Response:
        if answer.status_code >= 400:
            raise PageRefused(f"{answer.url} answered {answer.status_code}")
        return answer
