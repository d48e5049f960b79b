-- Version 4: how noisy the told values are.
--
-- The check sum of a result covers them where there are any; older results have none.

ALTER TABLE trial ADD COLUMN variances BLOB;  -- float64 per objective
