/** The benchmark: what a call and a chunk cost at the gateway, against a bare nginx in front of the same mock vendor. */
package dev.sluice.bench;
