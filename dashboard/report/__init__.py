"""The whole paper from the database as one document: a web page and a PDF.

A section is one file in `dashboard/report/sections/`. No streamlit here: the command builds it.
"""
