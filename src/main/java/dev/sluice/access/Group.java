package dev.sluice.access;

import dev.sluice.wire.Limits;

/**
 * A class of users: which channels serve them, what prices are multiplied with, what passes in a minute.
 *
 * @param priceFactorMillionths 1,000,000 is the list price
 */
public record Group(String name, long priceFactorMillionths, Limits limits, long createdAt, long updatedAt) {}
