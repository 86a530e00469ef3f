package dev.sluice.channel;

import dev.sluice.settings.Caching;
import dev.sluice.settings.Routing;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The channels that can serve one model to one group, in the order in which they are tried: the highest priority
 * first; within it smooth weighted round-robin, or what the model's routing says. Made once for each change of the
 * channels or the settings. Thread-safe.
 */
public final class Route {
    private final List<Tier> tiers = new ArrayList<>();
    private final List<Live> all;
    private final Routing.@Nullable Sticky sticky;
    private final Caching caching;
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean watched = new AtomicBoolean();

    Route(List<Live> candidates, Routing routing, Caching caching) {
        this.caching = caching;
        this.sticky = routing.sticky();
        this.all = List.copyOf(candidates);
        TreeMap<Integer, List<Live>> byPriority = new TreeMap<>(java.util.Comparator.reverseOrder());
        for (Live live : candidates) {
            byPriority
                    .computeIfAbsent(live.channel().priority(), each -> new ArrayList<>())
                    .add(live);
        }
        byPriority.values().forEach(each -> tiers.add(new Tier(each, routing.strategy())));
    }

    /**
     * The next account to try, or null when none is left that can take the call now.
     *
     * @param tried what failed this call already: it is not chosen again
     * @param pinned the only channel to consider; null: any
     * @param tokens that the call may use, for channels whose tokens a minute are limited
     * @param kin what makes calls belong together: they go to one channel as long as it can take them; null: nothing
     */
    public @Nullable Choice choose(
            Set<Object> tried, @Nullable Long pinned, long tokens, @Nullable String kin, long now) {
        for (Tier tier : tiers) {
            Choice choice = tier.choose(tried, pinned, tokens, kin, now);
            if (choice != null) {
                return choice;
            }
        }
        return null;
    }

    /** How many calls wait for a place here: {@link WaitingLine} counts them. */
    AtomicInteger waiting() {
        return waiting;
    }

    /** Whether somebody looks for places that come back by the minute. */
    AtomicBoolean watched() {
        return watched;
    }

    /** Whether a channel could take the call, if it were not for its own limits. */
    boolean isFull(Set<Object> tried, @Nullable Long pinned, long now) {
        for (Live live : all) {
            if ((pinned == null || live.channel().id() == pinned) && live.healthy(tried, now)) {
                return true;
            }
        }
        return false;
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

    /** How answers of the model are kept. */
    public Caching caching() {
        return caching;
    }

    /** What of a call makes it belong to others; null: nothing. */
    public Routing.@Nullable Sticky sticky() {
        return sticky;
    }

    /** Channels of one priority. */
    private static final class Tier {
        private final List<Live> channels;
        private final Routing.Strategy strategy;
        private final long[] credit;

        Tier(List<Live> channels, Routing.Strategy strategy) {
            this.channels = channels;
            this.strategy = strategy;
            this.credit = new long[channels.size()];
        }

        synchronized @Nullable Choice choose(
                Set<Object> tried, @Nullable Long pinned, long tokens, @Nullable String kin, long now) {
            Seeker seeker = new Seeker(tried, pinned, tokens, now);
            int best = kin != null
                    ? nearest(seeker, kin)
                    : switch (strategy) {
                        case ROUND_ROBIN -> turn(seeker, null);
                        case LEAST_BUSY -> turn(seeker, Live::load);
                        case CHEAPEST -> turn(seeker, live -> live.channel().priceFactorMillionths());
                        case FASTEST -> fasterOfTwo(seeker);
                    };
            return best < 0 ? null : channels.get(best).take(tried, tokens, kin, now);
        }

        /** A call that looks for a channel. */
        private record Seeker(Set<Object> tried, @Nullable Long pinned, long tokens, long now) {
            boolean mayTake(Live live) {
                return (pinned == null || live.channel().id() == pinned) && live.available(tried, tokens, now);
            }
        }

        /**
         * Smooth weighted round-robin as nginx does it: each turn adds every candidate's weight to its credit, the
         * highest credit wins and pays the sum of the weights. 5/1/1 gives a a b a c a a, not a a a a a b c.
         *
         * @param cost only the lowest take part; null: all do
         */
        private int turn(Seeker seeker, @Nullable ToDoubleFunction<Live> cost) {
            double lowest = cost == null ? 0 : lowest(seeker, cost);
            int best = -1;
            long sum = 0;
            for (int i = 0; i < credit.length; i++) {
                Live live = channels.get(i);
                if (!seeker.mayTake(live) || cost != null && cost.applyAsDouble(live) > lowest) {
                    continue;
                }
                int weight = live.channel().weight();
                credit[i] += weight;
                sum += weight;
                if (best < 0 || credit[i] > credit[best]) {
                    best = i;
                }
            }
            if (best >= 0) {
                credit[best] -= sum;
            }
            return best;
        }

        private double lowest(Seeker seeker, ToDoubleFunction<Live> cost) {
            double lowest = Double.MAX_VALUE;
            for (Live live : channels) {
                if (seeker.mayTake(live)) {
                    lowest = Math.min(lowest, cost.applyAsDouble(live));
                }
            }
            return lowest;
        }

        /** The better of two is nearly as good as the best of all, and no burst of calls runs to one channel. */
        private int fasterOfTwo(Seeker seeker) {
            int one = any(seeker, -1);
            int other = any(seeker, one);
            return other < 0
                            || channels.get(one).expectedWait(seeker.now)
                                    <= channels.get(other).expectedWait(seeker.now)
                    ? one
                    : other;
        }

        /** One at random, but not this one; -1: there is none. */
        private int any(Seeker seeker, int but) {
            int found = -1;
            int seen = 0;
            for (int i = 0; i < credit.length; i++) {
                if (i != but
                        && seeker.mayTake(channels.get(i))
                        && ThreadLocalRandom.current().nextInt(++seen) == 0) {
                    found = i;
                }
            }
            return found;
        }

        /**
         * Weighted rendezvous hashing: each channel draws a lot for the kin, always the same, and the best lot wins. When a
         * channel goes, only its own kin move; when it comes back, they return.
         */
        private int nearest(Seeker seeker, String kin) {
            int best = -1;
            double least = 0;
            for (int i = 0; i < credit.length; i++) {
                Live live = channels.get(i);
                if (!seeker.mayTake(live)) {
                    continue;
                }
                double lot = -Math.log(lot(kin, live.channel().id()))
                        / live.channel().weight();
                if (best < 0 || lot < least) {
                    best = i;
                    least = lot;
                }
            }
            return best;
        }

        /** Between 0 and 1, without both; SplitMix64's last steps spread whatever the two have in common. */
        private static double lot(String kin, long id) {
            long bits = kin.hashCode() * 0x9E3779B97F4A7C15L + id * 0xD1B54A32D192ED03L;
            bits = (bits ^ bits >>> 30) * 0xBF58476D1CE4E5B9L;
            bits = (bits ^ bits >>> 27) * 0x94D049BB133111EBL;
            return ((bits ^ bits >>> 31) >>> 11 | 1) * 0x1p-53;
        }
    }
}
