/** May it start and what does it cost: balances, prices, rate and concurrency limits; hands out a hold that is settled once. Imports access, limit, wire, database. */
@NullMarked
package dev.sluice.quota;

import org.jspecify.annotations.NullMarked;
