/** What the tests are built with: a vendor that follows scripts, a gateway to start, a raw caller, and the suite's guards. */
package dev.sluice.testing;
