/** How to talk to each wire format: the catalog of vendors, requests to them, what their answers mean. Imports wire. */
@NullMarked
package dev.sluice.vendor;

import org.jspecify.annotations.NullMarked;
