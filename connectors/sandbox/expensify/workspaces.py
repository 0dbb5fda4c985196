"""Policies as their admins see them: lists for the getters, and the verbs that change them."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ..chassis import ControlError
from ..month.world import CATEGORIES, US, card_list, policies
from .answers import JobRefused, malformed, missing

SECTIONS = ("categories", "tags", "reportFields", "tax", "employees")
ADMIN_SECTIONS = {"tax", "employees"}
OPTIONAL_FIELDS = {
    "glCode",
    "payrollCode",
    "areCommentsRequired",
    "commentHint",
    "maxExpenseAmount",
}


class Workspaces:
    """The policies, who may see them, and the domain's cards."""

    def __init__(self) -> None:
        self.policies: dict[str, dict[str, Any]] = {}
        self.cards: list[dict[str, Any]] = []
        self.hidden: set[str] = set()  # policies whose share was taken away
        self.reset()

    def reset(self) -> None:
        self.policies = deepcopy(policies())
        self.cards = card_list()
        self.hidden = set()

    def dump(self) -> dict[str, Any]:
        return {"policies": self.policies, "cards": self.cards, "hidden": sorted(self.hidden)}

    def load(self, state: Mapping[str, Any]) -> None:
        self.policies = state["policies"]
        self.cards = state["cards"]
        self.hidden = set(state["hidden"])

    # -- access ----------------------------------------------------------------------------------
    def role(self, policy: str, email: str) -> str:
        """`admin`, `auditor`, `user`, or "" without access."""
        if policy in self.hidden or policy not in self.policies:
            return ""
        for employee in self.policies[policy]["employees"]:
            if employee["email"] == email:
                return employee["role"]
        return ""

    def is_domain_admin(self, email: str) -> bool:
        return any(self.role(policy, email) == "admin" for policy in self.policies)

    def category_code(self, policy: str, name: str) -> str:
        for row in self.policies.get(policy, {}).get("categories", ()):
            if row["name"] == name:
                return row.get("glCode", "")
        return CATEGORIES.get(name, "")

    def tag_codes(self, policy: str) -> list[dict[str, str]]:
        """GL codes by tag, one dict a level."""
        return [
            {tag["name"]: tag["glCode"] for tag in level["tags"]}
            for level in self.policies.get(policy, {}).get("levels", ())
        ]

    # -- getters ---------------------------------------------------------------------------------
    def policy_list(self, email: str, admin_only: bool) -> list[dict[str, Any]]:
        found = []
        for id, policy in self.policies.items():
            role = self.role(id, email)
            if role and (role == "admin" or not admin_only):
                found.append(
                    {
                        "outputCurrency": policy["outputCurrency"],
                        "owner": policy["owner"],
                        "role": role,
                        "name": policy["name"],
                        "id": id,
                        "type": policy["type"],
                    }
                )
        return found

    def policy_info(
        self, email: str, ids: Any, fields: Any, unknown_policy: str
    ) -> dict[str, dict[str, Any]]:
        """policyInfo of the policy getter. JobRefused 410, or 403/404 by the switch."""
        if ids is None:
            raise missing("policyIDList")
        if not isinstance(ids, list) or not ids:
            raise malformed("policyIDList")
        if not isinstance(fields, list) or not fields or set(fields) - set(SECTIONS):
            raise malformed("fields")
        found = {}
        for id in ids:
            role = self.role(id, email)
            if not role:
                _refuse_unknown(unknown_policy)
                continue
            if role != "admin" and ADMIN_SECTIONS & set(fields):
                raise JobRefused(403, "You are not an admin on this policy")
            found[id] = {field: self._section(self.policies[id], field) for field in fields}
        return found

    def _section(self, policy: dict[str, Any], name: str) -> Any:
        if name != "tags":
            return policy[name]
        if policy["flat"]:
            return [tag for level in policy["levels"][:1] for tag in level["tags"]]
        return policy["levels"]

    def domain_cards(self, email: str, domain: Any) -> list[dict[str, Any]]:
        if not domain:
            raise missing("domain")
        if not self.is_domain_admin(email) or not email.endswith(f"@{domain}"):
            raise JobRefused(403, f"Not authorized to access domain {domain}")
        return self.cards

    # -- control ---------------------------------------------------------------------------------
    def chart(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """{action, kind: category | tag | field | workspace, policyID?, level?, name, ...}."""
        id = str(body.get("policyID", US))
        if id not in self.policies:
            raise ControlError(404, f"there is no policy {id!r}; {', '.join(self.policies)} exist")
        policy, kind, verb = self.policies[id], body.get("kind"), body.get("action")
        if kind == "workspace":
            return self._workspace(id, policy, str(verb))
        rows = self._rows(policy, body)
        if verb == "add":
            return self._add(rows, body)
        row = next((row for row in rows if row["name"] == body.get("name")), None)
        if row is None:
            raise ControlError(404, f"{policy['name']} has no {kind} {body.get('name')!r}")
        match verb:
            case "rename":
                row["name"] = str(body["new_name"])
            case "recode":
                row["glCode"] = str(body["glCode"])
            case "disable" | "enable":
                row["enabled"] = verb == "enable"
            case "delete":
                rows.remove(row)
            case _:
                raise ControlError(
                    400, f"action {verb!r} is not add, rename, recode, disable, enable or delete"
                )
        return row

    def _rows(self, policy: dict[str, Any], body: Mapping[str, Any]) -> list[dict[str, Any]]:
        match body.get("kind"):
            case "category":
                return policy["categories"]
            case "field":
                return policy["reportFields"]
            case "tag":
                names = [level["name"] for level in policy["levels"]]
                wanted = body.get("level", names[0])
                if wanted not in names:
                    raise ControlError(404, f"level is one of {', '.join(names)}, not {wanted!r}")
                return policy["levels"][names.index(wanted)]["tags"]
        raise ControlError(
            400, f"kind is category, tag, field or workspace, not {body.get('kind')!r}"
        )

    def _add(self, rows: list[dict[str, Any]], body: Mapping[str, Any]) -> dict[str, Any]:
        if not body.get("name"):
            raise ControlError(400, "add takes a name")
        if any(row["name"] == body["name"] for row in rows):
            raise ControlError(409, f"{body['kind']} {body['name']!r} exists already")
        row: dict[str, Any] = {"name": str(body["name"])}
        if body["kind"] == "field":
            row |= {"values": body.get("values", []), "type": body.get("type", "text")}
        else:
            row |= {"enabled": bool(body.get("enabled", True)), "glCode": ""}
            row |= {name: body[name] for name in OPTIONAL_FIELDS & set(body)}
        rows.append(row)
        return row

    def _workspace(self, id: str, policy: dict[str, Any], verb: str) -> dict[str, Any]:
        match verb:
            case "share":
                self.hidden.discard(id)
            case "unshare":
                self.hidden.add(id)
            case "flat_tags" | "levelled_tags":
                policy["flat"] = verb == "flat_tags"
            case _:
                raise ControlError(
                    400, "a workspace takes share, unshare, flat_tags or levelled_tags"
                )
        return {"policyID": id, "shared": id not in self.hidden, "flat": policy["flat"]}


def _refuse_unknown(wish: str) -> None:
    if wish == "json_403":
        raise JobRefused(403, "You are not an admin on this policy")
    if wish == "json_404":
        raise JobRefused(404, "Policy not found")
