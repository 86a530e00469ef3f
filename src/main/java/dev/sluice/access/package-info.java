/** Who is calling: users, groups, tokens, console sign-in; the only place a credential is checked. Imports wire, database. */
@NullMarked
package dev.sluice.access;

import org.jspecify.annotations.NullMarked;
