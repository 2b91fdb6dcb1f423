"""The report of a training run: all that the textbook's chapter shows, as files and as one page.

    ReportMaterial -> tables, charts, feature maps -> page -> write_report -> report/

The page needs nothing beside itself: its pictures are inside, and it loads nothing from a network.
"""

from training.report.material import ReportMaterial
from training.report.writing import write_report

__all__ = ["ReportMaterial", "write_report"]
