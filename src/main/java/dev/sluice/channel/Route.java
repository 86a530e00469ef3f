package dev.sluice.channel;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The channels that can serve one model to one group, in the order in which they are tried: the highest priority
 * first, and smooth weighted round-robin within it. Made once for each change of the channels. Thread-safe.
 */
public final class Route {
    private final List<Tier> tiers = new ArrayList<>();
    private final List<Live> all;

    Route(List<Live> candidates) {
        this.all = List.copyOf(candidates);
        TreeMap<Integer, List<Live>> byPriority = new TreeMap<>(java.util.Comparator.reverseOrder());
        for (Live live : candidates) {
            byPriority
                    .computeIfAbsent(live.channel().priority(), each -> new ArrayList<>())
                    .add(live);
        }
        byPriority.values().forEach(each -> tiers.add(new Tier(each)));
    }

    /**
     * The next account to try, or null when none is left that can take the call now.
     *
     * @param tried what failed this call already: it is not chosen again
     * @param pinned the only channel to consider; null: any
     * @param tokens that the call may use, for channels whose tokens a minute are limited
     */
    public @Nullable Choice choose(Set<Object> tried, @Nullable Long pinned, long tokens, long now) {
        for (Tier tier : tiers) {
            Choice choice = tier.choose(tried, pinned, tokens, now);
            if (choice != null) {
                return choice;
            }
        }
        return null;
    }

    /** When the first of the channels can be tried again. */
    public long retryAt(long now) {
        long soonest = Long.MAX_VALUE;
        for (Live live : all) {
            soonest = Math.min(soonest, live.retryAt(now));
        }
        return soonest;
    }

    /** The highest price factor of the channels: what a reservation must reckon with. */
    public long priceFactorMillionths() {
        long highest = 0;
        for (Live live : all) {
            highest = Math.max(highest, live.channel().priceFactorMillionths());
        }
        return highest;
    }

    public boolean has(long channelId) {
        for (Live live : all) {
            if (live.channel().id() == channelId) {
                return true;
            }
        }
        return false;
    }

    /** What the first channel's vendor calls the model: its price serves where the caller's own name has none. */
    public String upstreamModel(String model) {
        return all.getFirst().channel().upstreamModel(model);
    }

    /**
     * Channels of one priority. Smooth weighted round-robin as nginx does it: each turn adds every candidate's weight
     * to its credit, the highest credit wins and pays the sum of the weights. 5/1/1 gives a a b a c a a, not a a a a a
     * b c.
     */
    private static final class Tier {
        private final List<Live> channels;
        private final long[] credit;

        Tier(List<Live> channels) {
            this.channels = channels;
            this.credit = new long[channels.size()];
        }

        synchronized @Nullable Choice choose(Set<Object> tried, @Nullable Long pinned, long tokens, long now) {
            int best = -1;
            long sum = 0;
            for (int i = 0; i < credit.length; i++) {
                Live live = channels.get(i);
                boolean wanted = pinned == null || live.channel().id() == pinned;
                if (!wanted || !live.available(tried, tokens, now)) {
                    continue;
                }
                int weight = live.channel().weight();
                credit[i] += weight;
                sum += weight;
                if (best < 0 || credit[i] > credit[best]) {
                    best = i;
                }
            }
            if (best < 0) {
                return null;
            }
            credit[best] -= sum;
            return channels.get(best).take(tried, tokens, now);
        }
    }
}
