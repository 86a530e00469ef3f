/** Who changed what, when, from where: written with the change, read by admins. Imports wire, database. */
@NullMarked
package dev.sluice.audit;

import org.jspecify.annotations.NullMarked;
