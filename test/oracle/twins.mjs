/** The series' models, by our names, with their Python twins beside this file, which twins.py makes. A model more is a line more. */
export const twins = {
  'vit-segmentation': 'vit.VisionTransformerForSegmentation',
  segnet: 'segnet.SegNet',
  'segnet-dsc': 'segnet.SegNetDsc',
  'segformer-b0': 'segformer.B0',
  unet: 'unet.UNet',
};
