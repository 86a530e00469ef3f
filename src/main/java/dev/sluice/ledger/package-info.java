/** The account book: one entry per call whatever its end, queued and written in batches; its queries and totals. Imports wire, database. */
@NullMarked
package dev.sluice.ledger;

import org.jspecify.annotations.NullMarked;
