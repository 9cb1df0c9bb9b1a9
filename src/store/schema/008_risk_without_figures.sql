-- Cells whose risk has not one figure, of a kind that every cell has: too little history is covered.
CREATE INDEX risk_without_figures ON risk (cell)
    WHERE covered IS NOT NULL AND volatility_21 IS NULL AND volatility_63 IS NULL
      AND volatility_252 IS NULL AND beta IS NULL AND var_95 IS NULL AND correlation IS NULL;
