"""The whole path on the sandbox: an approved report becomes one bill, and stays one."""


def test_approved_reports_become_one_bill_each(town):
    run = town.poll()
    assert run.status == "done", run.problem
    town.drain()
    print(
        run.found,
        run.new,
        [
            (p.state, p.number, [q["code"] for q in p.problems])
            for p in __import__("audit.models").models.Posting.objects.all()
        ],
    )
    assert len(town.ours()) > 10
