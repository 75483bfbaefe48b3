from visavis.transport.bandwidth import FLOOR_KBPS, START_KBPS, Bandwidth


def test_a_report_that_only_rises_limits_nothing() -> None:
    bandwidth = Bandwidth(1500)
    for kbps in (116, 120, 180, 240):
        bandwidth.report("a", kbps)
    assert bandwidth.kbps == START_KBPS


def test_a_report_that_falls_is_a_limit_that_rises_again_with_the_reports() -> None:
    bandwidth = Bandwidth(1500)
    for kbps in (900, 600):
        bandwidth.report("a", kbps)
    assert bandwidth.kbps == 600
    bandwidth.report("a", 800)
    assert bandwidth.kbps == 660
    for _ in range(30):
        bandwidth.report("a", 3000)
    assert bandwidth.kbps == 1500


def test_the_slowest_viewer_decides_until_it_leaves() -> None:
    bandwidth = Bandwidth(1500)
    for viewer, kbps in (("fast", 1400), ("fast", 1300), ("slow", 600), ("slow", 400)):
        bandwidth.report(viewer, kbps)
    assert bandwidth.kbps == 400
    bandwidth.forget("slow")
    assert bandwidth.kbps == 1300


def test_it_stays_between_the_floor_and_the_cap() -> None:
    bandwidth = Bandwidth(800)
    assert bandwidth.kbps == 800
    for kbps in (100, 20):
        bandwidth.report("a", kbps)
    assert bandwidth.kbps == FLOOR_KBPS


def test_a_change_has_to_be_worth_it_and_not_too_soon() -> None:
    bandwidth = Bandwidth(1500)
    for kbps in (900, 850):
        bandwidth.report("a", kbps)
    assert bandwidth.change(current=1000, now=10.0) is None
    bandwidth.report("a", 600)
    assert bandwidth.change(current=1000, now=10.0) == 600
    bandwidth.report("a", 300)
    assert bandwidth.change(current=600, now=11.0) is None
    assert bandwidth.change(current=600, now=12.0) == 300
