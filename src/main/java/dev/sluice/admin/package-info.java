/** The REST API behind the console: one class per resource. Imports every room but relay and console. */
@NullMarked
package dev.sluice.admin;

import org.jspecify.annotations.NullMarked;
