/** How the process comes up and goes down: settings checked, first words, readiness, who may connect. Imports access, ledger, wire, database. */
@NullMarked
package dev.sluice.server;

import org.jspecify.annotations.NullMarked;
