/** Coefficients of 1/z, 1/z³, 1/z⁵, … in Stirling's series: B(2k) / (2k(2k-1)) (DLMF 5.11.1). */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];
/** From here on eight terms are exact to the last bit of a double. */
const large = 12;
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/**
 * What Stirling's formula leaves: ln Γ(z) - [(z - ½) ln z - z + ½ ln 2π], for z > 0. Small, so that sums of
 * log-gammas of large numbers can be taken without the large parts, which cancel and would take the digits along.
 */
export function stirlingError(z: number): number {
  if (z < large) return logGamma(z) - ((z - 0.5) * Math.log(z) - z + halfLogTwoPi);
  const inverse = 1 / z;
  const square = inverse * inverse;
  return stirling.reduceRight((sum, term) => sum * square + term, 0) * inverse;
}

/** ln Γ(z) for z > 0: Γ(z) = Γ(z + k) / (z (z+1) … (z+k-1)), then Stirling's series. To 1e-14, relative or absolute. */
export function logGamma(z: number): number {
  let product = 1;
  let shifted = z;
  while (shifted < large) {
    product *= shifted;
    shifted += 1;
  }
  const main = (shifted - 0.5) * Math.log(shifted) - shifted + halfLogTwoPi;
  return main + stirlingError(shifted) - Math.log(product);
}
