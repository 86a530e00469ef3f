/** What root may change while the gateway runs, and where every room finds it. Imports wire, database. */
@NullMarked
package dev.sluice.settings;

import org.jspecify.annotations.NullMarked;
