/** What users were given: credits, and the codes that are redeemed for them. Imports access, wire, database. */
@NullMarked
package dev.sluice.credit;

import org.jspecify.annotations.NullMarked;
