/** Relays of pictures and songs, which answer with a task at once and work on it afterwards. */
@NullMarked
package dev.sluice.vendor.tasks;

import org.jspecify.annotations.NullMarked;
