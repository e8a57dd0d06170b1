/* Order of search results: pages for users come before lists and pages for maintainers. */
"use strict";

const AFTER_OTHERS =
  /^(maintaining\/|changelog|contributing|security|benchmarks|rfc-coverage|names|rules|vectors$)/;

var Scorer = {
  score: ([docname, title, anchor, description, score]) => (AFTER_OTHERS.test(docname) ? score - 4 : score),
  /* The rest are the values of Sphinx. */
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
