"""The shipped sections of the page: checklists of reporting, and the figures of a paper."""
