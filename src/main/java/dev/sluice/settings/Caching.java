package dev.sluice.settings;

/**
 * For how long the answers of a model are kept for whoever asks the same again, and what such an answer costs.
 *
 * @param ttlSeconds 0: they are not kept
 * @param priceFactorMillionths what the plain price is multiplied by when a kept answer is given again; 0: it is free
 */
public record Caching(int ttlSeconds, long priceFactorMillionths) {
    public static final Caching NONE = new Caching(0, 0);
}
