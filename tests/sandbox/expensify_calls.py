"""A client's view of the Expensify simulator for its tests: jobs by keyword over real HTTP."""

import json
from typing import Any
from urllib.parse import urlencode

URL = "/expensify/Integration-Server/ExpensifyIntegrations"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
RECEIVE = {"immediateResponse": ["returnRandomFileName"]}
US, EUROPE = "0810E551A5F2A9C2", "4C6722D4BD2BD941"

LINES = """<#list reports as r>
{"id":"${r.reportID?json_string}","status":"${r.status}","total":${r.total?c},<#t>
"name":"${r.reportName?json_string}","approved":"${r.approved!""}","header":${addHeader?c},<#t>
"actions":[<#list r.actionList as a>"${a.action}"<#sep>,</#list>],"lines":[<#t>
<#list r.transactionList as e>
{"id":"${e.transactionID}","merchant":"${e.merchant?json_string}","tag":"${e.tag?json_string}",<#t>
"amount":${e.amount?c},"modified":"${e.modifiedAmount?string}",<#t>
"converted":"${(e.convertedAmount!"")?string}"}<#sep>,</#list><#t>
]}<#lt>
</#list>
{"end":true}<#lt>
"""


class Expensify:
    """The simulator seen by one credential."""

    def __init__(self, sandbox: Any, **account: Any) -> None:
        self.sandbox = sandbox
        self.pair = sandbox.control("expensify", "tokens", account)

    def control(self, verb: str, body: Any = None) -> Any:
        return self.sandbox.control("expensify", verb, body)

    def settings(self, **switches: Any) -> None:
        self.control("settings", switches)

    def story(self) -> dict[str, str]:
        return self.control("story")

    def post(self, fields: dict[str, str]) -> Any:
        return self.sandbox.request("POST", URL, urlencode(fields), FORM)

    def job(self, job: dict[str, Any], **fields: str) -> Any:
        """The raw answer to a job; credentials are put in unless the job has its own."""
        text = json.dumps({"credentials": self.pair} | job)
        return self.post({"requestJobDescription": text} | fields)

    def refusal(self, job: dict[str, Any], **fields: str) -> tuple[int, str]:
        """(responseCode, responseMessage) of a job that must be refused under HTTP 200."""
        answer = self.job(job, **fields)
        assert answer.status == 200, answer.text
        body = answer.json()
        assert set(body) == {"responseCode", "responseMessage"}
        return body["responseCode"], body["responseMessage"]

    def export_job(self, **changes: Any) -> dict[str, Any]:
        """An export of everything approved since September; `filters` and such replace parts."""
        settings = {
            "type": "combinedReportData",
            "filters": changes.pop("filters", {"approvedAfter": "2026-09-01"}),
        }
        for name in ("reportState", "limit", "employeeEmail"):
            if name in changes:
                settings[name] = changes.pop(name)
        return {
            "type": "file",
            "onReceive": RECEIVE,
            "inputSettings": settings,
            "outputSettings": {"fileExtension": "txt", "fileBasename": "mlc"},
        } | changes

    def file_name(self, template: str = LINES, **changes: Any) -> str:
        answer = self.job(self.export_job(**changes), template=template)
        assert answer.status == 200
        assert not answer.text.startswith("{"), answer.text
        return answer.text

    def download(self, name: str, **more: Any) -> Any:
        return self.job({"type": "download", "fileName": name} | more)

    def text(self, template: str = LINES, **changes: Any) -> str:
        """The export's text, through both steps."""
        return self.download(self.file_name(template, **changes)).text

    def reports(self, **changes: Any) -> dict[str, dict[str, Any]]:
        """What an export shows, by report id."""
        lines = [json.loads(line) for line in self.text(**changes).splitlines()]
        assert lines.pop() == {"end": True}
        return {line["id"]: line for line in lines}

    def report(self, id: str) -> dict[str, Any]:
        return self.reports(filters={"reportIDList": id})[id]

    def get(self, **settings: Any) -> dict[str, Any]:
        """The body of a successful `get` job."""
        body = self.job({"type": "get", "inputSettings": settings}).json()
        assert body["responseCode"] == 200, body
        return body
