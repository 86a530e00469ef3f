/** Where everything is kept: one address, from which the pool and the migrations derive; transactions; the revisions that tell nodes of a change; the data directory. Imports redis, wire. */
@NullMarked
package dev.sluice.database;

import org.jspecify.annotations.NullMarked;
